/// Comparisons whose time tells nothing of where two values differ.
package enum ConstantTime {
    /// Whether they hold the same bytes; only the counts show in the time.
    package static func areEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        guard one.count == other.count else { return false }
        var difference: UInt8 = 0
        for index in one.indices { difference |= one[index] ^ other[index] }
        return difference == 0
    }
}
