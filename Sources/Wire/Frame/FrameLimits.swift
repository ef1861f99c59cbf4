/// What one link takes before it believes a length or a count.
package struct FrameLimits: Sendable, Hashable {
    /// The longest control payload: 1 MiB.
    package var controlBytes = 1 << 20
    /// The most data in one shard piece, without the piece's own header: 4 MiB.
    package var pieceBytes = 4 << 20
    /// The most data in one cache piece, without the piece's own header: 16 MiB.
    package var cacheBytes = WireLimits.cachePageBytes
    /// The longest step payload, header and table included: 256 MiB.
    package var stepBytes = 256 << 20
    /// The most entries in a step's table.
    package var stepEntries = 65_536
    /// The most rows that a step may speak of, dropped ones included.
    package var stepRows = 65_536
    /// The most elements in a row; above any model's width or vocabulary.
    package var width = 1 << 20

    package init() {}

    /// The limits before a handshake is done: enough for a `Hello`, a `Welcome` or a `Refusal` and nothing more.
    package static let handshake: FrameLimits = {
        var limits = FrameLimits()
        limits.controlBytes = 16 << 10
        limits.pieceBytes = 0
        limits.stepBytes = 0
        limits.cacheBytes = 0
        return limits
    }()

    func payloadBytes(of kind: FrameHeader.Kind) -> Int {
        switch kind {
        case .control: min(controlBytes, Int(UInt32.max))
        case .step: min(stepBytes, Int(UInt32.max))
        case .cache: cacheBytes == 0 ? 0 : min(cacheBytes + CachePiece.headerBytes, Int(UInt32.max))
        case .piece: pieceBytes == 0 ? 0 : min(pieceBytes + ShardPiece.headerBytes, Int(UInt32.max))
        }
    }
}
