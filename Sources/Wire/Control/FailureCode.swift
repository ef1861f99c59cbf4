/// Why a request or a step failed.
package enum FailureCode: UInt32, Sendable, Hashable, CaseIterable {
    /// The message makes no sense here and now.
    case badRequest = 1
    /// An architecture, tensor type or option that this build does not know.
    case unsupported = 2
    /// The memory budget does not suffice.
    case outOfMemory = 3
    /// The shard store has no room.
    case storeFull = 4
    /// A shard that is needed is not in the store.
    case shardMissing = 5
    /// A shard's bytes do not have its SHA-256, or are not what a shard is.
    case shardCorrupt = 6
    /// No such stage is loaded.
    case stageMissing = 7
    /// A step names a sequence that is not open.
    case sequenceMissing = 8
    /// A step's position is not the next one of its sequence.
    case positionMismatch = 9
    /// No room is left in the KV cache.
    case contextFull = 10
    /// The link to the next stage cannot be opened or has broken.
    case nextUnreachable = 11
    /// Another request that excludes this one is at work.
    case busy = 12
    /// A fault of the program.
    case internalError = 13
}
