/// How a number is written, as both of Python's ways to format describe it.
struct NumberFormat: Sendable {
    /// What stands before a number that is not negative.
    enum Sign: Sendable {
        case none
        case plus
        case space
    }

    var sign = Sign.none
    /// `#`: the prefix of a base, or a point and zeros that would be left out.
    var isAlternate = false
    /// Digits behind the point, or significant ones.
    var precision: Int?
    /// What stands between groups of digits.
    var separator: Unicode.Scalar?
    /// The letter of the form: one of `d b o x X e E f F g G %`, or `r` for as many digits as tell the number from others.
    var form: Unicode.Scalar

    /// The sign and prefix, and what follows; zeros that fill a width stand between the two.
    typealias Parts = (prefix: String, body: String)

    /// Writes a whole number.
    func parts(_ number: Int) -> Parts {
        let (radix, mark): (Int, String) =
            switch form {
            case "b": (2, "0b")
            case "o": (8, "0o")
            case "x": (16, "0x")
            case "X": (16, "0X")
            default: (10, "")
            }
        var digits = String(number.magnitude, radix: radix, uppercase: form == "X")
        if let precision, digits.utf8.count < precision {
            digits = String(repeating: "0", count: precision - digits.utf8.count) + digits
        }
        return (
            signText(isNegative: number < 0) + (isAlternate ? mark : ""),
            grouped(digits, by: radix == 10 ? 3 : 4)
        )
    }

    /// Writes a floating-point number.
    func parts(_ number: Double) -> Parts {
        let isNegative = number.sign == .minus && !number.isNaN
        let prefix = signText(isNegative: isNegative)
        let isUpper = form == "E" || form == "F" || form == "G"
        guard number.isFinite else {
            let text = number.isNaN ? "nan" : "inf"
            return (prefix, (isUpper ? text.uppercased() : text) + (form == "%" ? "%" : ""))
        }
        switch form {
        case "f", "F": return (prefix, fixed(DecimalDigits(number), places: precision ?? 6))
        case "%":
            let hundredfold = number * 100
            guard hundredfold.isFinite else { return (prefix, "inf%") }
            return (prefix, fixed(DecimalDigits(hundredfold), places: precision ?? 6) + "%")
        case "e", "E": return (prefix, scientific(DecimalDigits(number), places: precision ?? 6, isUpper: isUpper))
        case "g", "G": return (prefix, general(number, addsPoint: false, isUpper: isUpper))
        default:
            return (prefix, precision == nil ? shortest(number) : general(number, addsPoint: true, isUpper: false))
        }
    }

    private func signText(isNegative: Bool) -> String {
        if isNegative { return "-" }
        return switch sign {
        case .none: ""
        case .plus: "+"
        case .space: " "
        }
    }

    private func fixed(_ exact: DecimalDigits, places: Int) -> String {
        var digits = exact
        digits.round(places: places)
        let whole = text(digits, from: max(digits.exponent, 0), to: 0)
        let fraction = places > 0 ? "." + text(digits, from: -1, to: -places) : isAlternate ? "." : ""
        return grouped(whole, by: 3) + fraction
    }

    private func scientific(_ exact: DecimalDigits, places: Int, isUpper: Bool) -> String {
        var digits = exact
        digits.round(significant: places + 1)
        let first = digits.exponent
        var result = text(digits, from: first, to: first)
        if places > 0 {
            result += "." + text(digits, from: first - 1, to: first - places)
        } else if isAlternate {
            result += "."
        }
        return result + exponent(first, isUpper)
    }

    /// Fixed or scientific, whichever is shorter, without zeros at the end.
    private func general(_ number: Double, addsPoint: Bool, isUpper: Bool) -> String {
        let precision = max(precision ?? 6, 1)
        var digits = DecimalDigits(number)
        digits.round(significant: precision)
        let first = digits.exponent
        var last = digits.digits.isEmpty ? 0 : first - digits.digits.count + 1
        if isAlternate { last = first - precision + 1 }
        let isFixed = first >= -4 && first < (addsPoint ? precision - 1 : precision)
        if !isFixed {
            let fraction = last < first ? "." + text(digits, from: first - 1, to: last) : isAlternate ? "." : ""
            return text(digits, from: first, to: first) + fraction + exponent(first, isUpper)
        }
        let whole = grouped(text(digits, from: max(first, 0), to: 0), by: 3)
        if last < 0 { return whole + "." + text(digits, from: -1, to: last) }
        return whole + (addsPoint ? ".0" : isAlternate ? "." : "")
    }

    private func shortest(_ number: Double) -> String {
        let text = pythonText(number.magnitude)
        guard separator != nil, !text.contains("e") else { return text }
        let point = text.firstIndex(of: ".") ?? text.endIndex
        return grouped(String(text[..<point]), by: 3) + text[point...]
    }

    private func exponent(_ exponent: Int, _ isUpper: Bool) -> String {
        let digits = String(exponent.magnitude)
        return (isUpper ? "E" : "e") + (exponent < 0 ? "-" : "+") + (digits.utf8.count < 2 ? "0" : "") + digits
    }

    private func text(_ digits: DecimalDigits, from first: Int, to last: Int) -> String {
        guard first >= last else { return "" }
        return String(
            decoding: stride(from: first, through: last, by: -1).map { UInt8(ascii: "0") + digits.digit(at: $0) },
            as: UTF8.self)
    }

    /// Digits with the separator between groups from the right.
    private func grouped(_ digits: String, by count: Int) -> String {
        guard let separator else { return digits }
        var result = String.UnicodeScalarView()
        let total = digits.utf8.count
        for (index, digit) in digits.unicodeScalars.enumerated() {
            if index > 0, (total - index).isMultiple(of: count) { result.append(separator) }
            result.append(digit)
        }
        return String(result)
    }
}

/// A number as Python's `repr` writes it: as Swift does, but with an exponent from 1e16 on rather than from 2^53.
func pythonText(_ number: Double) -> String {
    let magnitude = number.magnitude
    return magnitude > 0x1p53 && magnitude < 1e16 ? "\(Int(number)).0" : String(number)
}
