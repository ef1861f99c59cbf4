/// Why no token can be chosen from logits: a model that gives such is damaged, or its logits were damaged on their way.
package enum LogitsFault: Error, Sendable, Hashable {
    /// Some are NaN or positive infinity.
    case notFinite
    /// All are negative infinity: no token is possible.
    case nothingPossible
    /// All are the same number: they say nothing.
    case allEqual

    /// Looks at the logits of one position, `[vocabulary]`; nil where one can be chosen from.
    package init?(_ logits: UnsafeBufferPointer<Float>) {
        guard let base = logits.baseAddress else { return nil }
        let whole = logits.count / 16 * 16
        let bytes = UnsafeRawPointer(base)
        var greatest = SIMD16<Float>(repeating: -.infinity)
        var least = SIMD16<Float>(repeating: .infinity)
        // NaN is less than nothing.
        var areBelow = SIMDMask<SIMD16<Int32>>(repeating: true)
        func look(_ part: SIMD16<Float>) {
            areBelow .&= part .< .infinity
            greatest.replace(with: part, where: part .> greatest)
            least.replace(with: part, where: part .< least)
        }
        for first in stride(from: 0, to: whole, by: 16) {
            look(bytes.loadUnaligned(fromByteOffset: first * MemoryLayout<Float>.stride, as: SIMD16<Float>.self))
        }
        for index in whole..<logits.count { look(SIMD16(repeating: logits[index])) }
        if areBelow != .init(repeating: true) {
            self = .notFinite
        } else if greatest.max() == -.infinity {
            self = .nothingPossible
        } else if logits.count > 1, greatest.max() == least.min() {
            self = .allEqual
        } else {
            return nil
        }
    }
}

extension LogitsFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notFinite: "the logits are no finite numbers"
        case .nothingPossible: "the logits make no token possible"
        case .allEqual: "the logits are all equal"
        }
    }
}
