/// One unit of the wire, of either plane.
package enum Frame: Sendable, Hashable {
    /// A protobuf message of the control plane.
    case control(ControlMessage)
    /// A batch of rows and the commands to KV caches that travel with it.
    case step(StepFrame)
    /// A part of a shard.
    case piece(ShardPiece)
    /// A part of a key-value cache.
    case cache(CachePiece)
}
