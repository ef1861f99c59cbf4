/// A number of bytes as people write it: `1GiB`, `512 MiB`, `800MB`, `1.5G` or a plain number.
///
/// `KiB`, `MiB`, `GiB`, `TiB` are powers of 1024, `kB`, `MB`, `GB`, `TB` powers of 1000 (IEC 80000-13); a bare letter means
/// the power of 1024. Case does not matter.
package struct ByteCount: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The number of bytes.
    package let bytes: Int

    /// Wraps a number of bytes.
    package init(_ bytes: Int) { self.bytes = bytes }

    /// Reads a size such as `512 MiB`; nil when the text is no size, is negative, or exceeds `Int.max`.
    package init?(parsing text: String) {
        let letters = Array(text.utf8).filter { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "_") }
        var whole = 0
        var fraction = 0
        var fractionScale = 1
        var index = 0
        var sawDigit = false
        while index < letters.count, let digit = Self.digit(letters[index]) {
            let (product, overflow) = whole.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(digit)
            if overflow || carry { return nil }
            whole = sum
            sawDigit = true
            index += 1
        }
        if sawDigit, index < letters.count, letters[index] == UInt8(ascii: ".") {
            index += 1
            guard index < letters.count, Self.digit(letters[index]) != nil else { return nil }
            while index < letters.count, let digit = Self.digit(letters[index]) {
                // Six decimals are exact enough for a size; the rest is dropped.
                if fractionScale < 1_000_000 {
                    fraction = fraction * 10 + digit
                    fractionScale *= 10
                }
                index += 1
            }
        }
        guard sawDigit, let unit = Self.unit(letters[index...].map { $0 | 0x20 }) else { return nil }
        if unit == 1 && fraction != 0 { return nil }
        let (product, overflow) = whole.multipliedReportingOverflow(by: unit)
        let (part, partOverflow) = fraction.multipliedReportingOverflow(by: unit)
        let (sum, carry) = product.addingReportingOverflow(part / fractionScale)
        if overflow || partOverflow || carry { return nil }
        bytes = sum
    }

    /// The size with one decimal in the largest fitting power of 1024, such as `1.5 GiB`; whole bytes below 1 KiB.
    package var description: String {
        let units = ["KiB", "MiB", "GiB", "TiB"]
        let magnitude = bytes.magnitude
        guard magnitude >= 1024 else { return "\(bytes) B" }
        var unit = 0
        var size: UInt = 1024
        // Compared with what one decimal rounds to, so that 1024.0 MiB is written 1.0 GiB.
        while unit < units.count - 1 && magnitude >= size * 1024 - size / 20 {
            size *= 1024
            unit += 1
        }
        var tenths = magnitude / size * 10 + (magnitude % size * 10 + size / 2) / size
        if tenths == 0 { tenths = 1 }
        return "\(bytes < 0 ? "-" : "")\(tenths / 10).\(tenths % 10) \(units[unit])"
    }

    package static func < (left: Self, right: Self) -> Bool { left.bytes < right.bytes }

    private static func digit(_ letter: UInt8) -> Int? {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(letter) ? Int(letter - UInt8(ascii: "0")) : nil
    }

    private static func unit(_ lowercased: [UInt8]) -> Int? {
        switch String(decoding: lowercased, as: UTF8.self) {
        case "", "b": 1
        case "k", "kib": 1 << 10
        case "m", "mib": 1 << 20
        case "g", "gib": 1 << 30
        case "t", "tib": 1 << 40
        case "kb": 1_000
        case "mb": 1_000_000
        case "gb": 1_000_000_000
        case "tb": 1_000_000_000_000
        default: nil
        }
    }
}
