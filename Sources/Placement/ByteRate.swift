/// Bytes per second as people write them: `11.4GB/s`, `800 MB/s`, `1GiB/s`, or as networks are named, `1Gbit/s` and `100Mbit/s`.
package struct ByteRate: Sendable, Hashable, CustomStringConvertible {
    /// The number of bytes in a second.
    package let bytesPerSecond: Double

    /// Wraps a number of bytes per second.
    package init(_ bytesPerSecond: Double) { self.bytesPerSecond = bytesPerSecond }

    /// Reads a rate such as `11.4 GB/s`; nil when the text is none, or is zero.
    package init?(parsing text: String) {
        guard text.hasSuffix("/s") else { return nil }
        var size = String(text.dropLast(2))
        var divisor = 1.0
        if size.lowercased().hasSuffix("bit") {
            size.removeLast(3)
            guard let unit = size.last, "kKmMgG".contains(unit) else { return nil }
            // Network rates are in powers of 1000.
            size += "B"
            divisor = 8
        }
        guard let count = ByteCount(parsing: size), count.bytes > 0 else { return nil }
        bytesPerSecond = Double(count.bytes) / divisor
    }

    /// The rate with one decimal in the largest fitting power of 1000, such as `11.4 GB/s`.
    package var description: String {
        let units = ["B/s", "kB/s", "MB/s", "GB/s", "TB/s"]
        var value = bytesPerSecond.isNaN ? 0 : min(max(0, bytesPerSecond), 1e18)
        var unit = 0
        while unit < units.count - 1 && value >= 999.95 {
            value /= 1000
            unit += 1
        }
        let tenths = Int((value * 10).rounded())
        return unit == 0 ? "\(tenths / 10) \(units[0])" : "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }
}
