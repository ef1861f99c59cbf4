/// How a step's rows are written.
package enum ActivationCodec: UInt8, Sendable, Hashable, CaseIterable {
    /// No rows: the step carries commands only.
    case none = 0
    /// One token id per row, u32.
    case tokens = 1
    /// IEEE binary32.
    case f32 = 2
    /// IEEE binary16; finite values beyond ±65504 become ±65504.
    case f16 = 3
    /// Blocks of 32: an f32 scale, then 32 int8.
    case q8 = 4

    /// Elements in a block of `q8`.
    package static let blockElements = 32
    /// Bytes in a block of `q8`.
    package static let blockBytes = 36

    /// The bytes of one row of `width` elements.
    ///
    /// - Precondition: `width` is one that `accepts(width:)`.
    package func rowBytes(width: Int) -> Int {
        switch self {
        case .none: 0
        case .tokens, .f32: width * 4
        case .f16: width * 2
        case .q8: width / Self.blockElements * Self.blockBytes
        }
    }

    /// Whether a row of this codec may have `width` elements.
    package func accepts(width: Int) -> Bool {
        switch self {
        case .none: width == 0
        case .tokens: width == 1
        case .f32, .f16: width > 0
        case .q8: width > 0 && width % Self.blockElements == 0
        }
    }
}
