/// A date and a time of day as a clock on the wall shows them, for `strftime_now`.
package struct CivilTime: Sendable, Hashable {
    /// The year of the Gregorian calendar.
    package let year: Int
    /// 1 to 12.
    package let month: Int
    /// 1 to 31.
    package let day: Int
    /// 0 to 23.
    package let hour: Int
    /// 0 to 59.
    package let minute: Int
    /// 0 to 60.
    package let second: Int

    /// Names a moment. Values out of range are brought to the nearest in range.
    package init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
        self.year = min(max(year, 1), 9999)
        self.month = min(max(month, 1), 12)
        self.day = min(max(day, 1), 31)
        self.hour = min(max(hour, 0), 23)
        self.minute = min(max(minute, 0), 59)
        self.second = min(max(second, 0), 60)
    }

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

    /// 0 is Sunday (Sakamoto's method).
    private var weekday: Int {
        let offsets = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4]
        let year = month < 3 ? year - 1 : year
        return (year + year / 4 - year / 100 + year / 400 + offsets[month - 1] + day) % 7
    }

    private var dayOfYear: Int {
        let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334][month - 1]
        let isLeap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
        return before + day + (isLeap && month > 2 ? 1 : 0)
    }

    /// Writes the moment by the codes of C's `strftime` in the C locale; an unknown code stays as it is.
    package func formatted(_ format: String) -> String {
        var result = ""
        var rest = format.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            guard scalar == "%", var code = rest.popFirst() else {
                result.unicodeScalars.append(scalar)
                continue
            }
            let unpadded = code == "-"
            if unpadded {
                guard let next = rest.popFirst() else { return result + "%-" }
                code = next
            }
            result += field(code, unpadded: unpadded) ?? (unpadded ? "%-\(code)" : "%\(code)")
        }
        return result
    }

    private func field(_ code: Unicode.Scalar, unpadded: Bool) -> String? {
        func number(_ value: Int, _ width: Int = 2, _ pad: String = "0") -> String {
            let text = String(value)
            return unpadded ? text : String(repeating: pad, count: max(0, width - text.utf8.count)) + text
        }
        let hour12 = (hour + 11) % 12 + 1
        return switch code {
        case "Y": number(year, 4)
        case "y": number(year % 100)
        case "m": number(month)
        case "d": number(day)
        case "e": number(day, 2, " ")
        case "j": number(dayOfYear, 3)
        case "H": number(hour)
        case "I": number(hour12)
        case "M": number(minute)
        case "S": number(second)
        case "p": hour < 12 ? "AM" : "PM"
        case "B": Self.months[month - 1]
        case "b", "h": String(Self.months[month - 1].prefix(3))
        case "A": Self.weekdays[weekday]
        case "a": String(Self.weekdays[weekday].prefix(3))
        case "w": String(weekday)
        case "F": formatted("%Y-%m-%d")
        case "T": formatted("%H:%M:%S")
        case "D": formatted("%m/%d/%y")
        case "R": formatted("%H:%M")
        case "c": formatted("%a %b %e %H:%M:%S %Y")
        case "x": formatted("%m/%d/%y")
        case "X": formatted("%H:%M:%S")
        case "n": "\n"
        case "t": "\t"
        case "%": "%"
        default: nil
        }
    }
}
