package import Formats
package import GGUF
package import ModelGraph
package import Wire

/// Where a worker's stages come from: the store on its disk, or the model's own file in the coordinator's process.
///
/// Safe from any thread. The functions may block on the disk.
package protocol ShardProvider: Sendable {
    /// A claim that keeps shards from being evicted while it lives.
    func makeClaim() -> ShardClaim
    /// What is held of each shard, in order.
    ///
    /// - Parameter claim: of the coordinator that asks, which uses the shards and will need them; `nil` for who only wants to know.
    func holdings(_ ids: [ShardID], for claim: ShardClaim?) -> [ShardHolding]
    /// Removes those shards that no claim keeps, whole ones and beginnings.
    func forget(_ ids: [ShardID])
    /// Takes a piece in.
    ///
    /// - Returns: how many bytes of the shard are held now, and whether it is complete and checked.
    /// - Throws: `WorkerError`
    func accept(_ piece: ShardPiece, for claim: ShardClaim) throws(WorkerError) -> (bytesHeld: UInt64, complete: Bool)
    /// Opens the shards of a stage, the configuration first. Hashes what is not known to be right, which may take seconds.
    ///
    /// - Throws: `WorkerError` where one is missing or damaged.
    func open(_ ids: [ShardID]) throws(WorkerError) -> StageSource
    /// A whole shard, to be passed on; hashed before as in `open`.
    ///
    /// - Throws: `WorkerError` where it is missing or damaged.
    func bytes(of id: ShardID) throws(WorkerError) -> MappedBytes
    /// Bytes on disk.
    var storeBytes: Int { get }
    /// Bytes that it may take there; 0 where nothing is stored.
    var limitBytes: Int { get }
}

/// The metadata and the tensors that a stage is built from.
package struct StageSource {
    package let metadata: GGUFMetadata
    package let tensors: any TensorSource
    /// Where their packed form is kept; nil is in memory alone.
    package let packed: (any PackedPlaces)?
    /// Bytes that the stage's weights will take, about; 0 where that is not known before.
    package let byteCount: Int
    /// To be kept as long as the stage.
    package let lease: StageLease?
    /// Why a packed form is not kept though it should be, for people.
    package let hint: String?

    package init(
        metadata: GGUFMetadata, tensors: any TensorSource, packed: (any PackedPlaces)? = nil, byteCount: Int = 0,
        lease: StageLease? = nil, hint: String? = nil
    ) {
        self.metadata = metadata
        self.packed = packed
        self.byteCount = byteCount
        self.tensors = tensors
        self.lease = lease
        self.hint = hint
    }
}

/// Keeps a stage's shards in the store while it lives. Safe from any thread.
package final class StageLease: Sendable {
    private let claim: ShardClaim
    private let noteBuilt: @Sendable () -> Void

    init(claim: ShardClaim, noteBuilt: @escaping @Sendable () -> Void) {
        self.claim = claim
        self.noteBuilt = noteBuilt
    }

    /// To be called once the stage is built: its packed form is what it will be. May block on the disk.
    package func built() { noteBuilt() }
}

/// The model's own file, for the worker in the coordinator's process: nothing is sent and no shard stored.
package struct ModelFileShards: ShardProvider {
    private let model: GGUFFile
    private let packed: (any PackedPlaces)?

    /// - Parameter packed: where the packed form of the model's weights is kept; nil is in memory alone.
    package init(_ model: GGUFFile, packed: (any PackedPlaces)? = nil) {
        self.model = model
        self.packed = packed
    }

    package func makeClaim() -> ShardClaim { ShardClaim(ShardClaims()) }

    package func holdings(_ ids: [ShardID], for claim: ShardClaim?) -> [ShardHolding] {
        ids.map { ShardHolding(id: $0, bytesHeld: 0, complete: false) }
    }

    package func forget(_ ids: [ShardID]) {}

    package func accept(
        _ piece: ShardPiece, for claim: ShardClaim
    ) throws(WorkerError) -> (bytesHeld: UInt64, complete: Bool) {
        throw WorkerError(.unsupported, "the coordinator's own worker takes no shards: it reads the model's file")
    }

    package func open(_ ids: [ShardID]) throws(WorkerError) -> StageSource {
        do {
            try model.check()
        } catch {
            throw WorkerError(.shardCorrupt, error.description)
        }
        return StageSource(metadata: model.metadata, tensors: model, packed: packed)
    }

    package func bytes(of id: ShardID) throws(WorkerError) -> MappedBytes {
        throw WorkerError(.shardMissing, "the coordinator's own worker keeps no shards")
    }

    package var storeBytes: Int { 0 }
    package var limitBytes: Int { 0 }
}
