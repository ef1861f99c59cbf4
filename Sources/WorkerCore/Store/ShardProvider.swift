package import GGUF
package import ModelGraph
package import Wire

/// Where a worker's stages come from: the store on its disk, or the model's own file in the coordinator's process.
///
/// Safe from any thread. The functions may block on the disk.
package protocol ShardProvider: Sendable {
    /// What is held of each shard, in order.
    func holdings(_ ids: [ShardID]) -> [ShardHolding]
    /// Takes a piece in.
    ///
    /// - Returns: how many bytes of the shard are held now, and whether it is complete and checked.
    /// - Throws: `WorkerError`
    func accept(_ piece: ShardPiece) throws(WorkerError) -> (bytesHeld: UInt64, complete: Bool)
    /// Opens the shards of a stage, the configuration first.
    ///
    /// - Throws: `WorkerError` where one is missing or damaged.
    func open(_ ids: [ShardID]) throws(WorkerError) -> StageSource
    /// Bytes on disk.
    var storeBytes: Int { get }
}

/// The metadata and the tensors that a stage is built from.
package struct StageSource {
    package let metadata: GGUFMetadata
    package let tensors: any TensorSource
    /// Where their packed form is kept; nil is in memory alone.
    package let packed: (any PackedPlaces)?
    /// Bytes that the stage's weights will take, about; 0 where that is not known before.
    package let byteCount: Int

    package init(
        metadata: GGUFMetadata, tensors: any TensorSource, packed: (any PackedPlaces)? = nil, byteCount: Int = 0
    ) {
        self.metadata = metadata
        self.packed = packed
        self.byteCount = byteCount
        self.tensors = tensors
    }
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

    package func holdings(_ ids: [ShardID]) -> [ShardHolding] {
        ids.map { ShardHolding(id: $0, bytesHeld: 0, complete: false) }
    }

    package func accept(_ piece: ShardPiece) throws(WorkerError) -> (bytesHeld: UInt64, complete: Bool) {
        throw WorkerError(.unsupported, "the coordinator's own worker takes no shards: it reads the model's file")
    }

    package func open(_ ids: [ShardID]) throws(WorkerError) -> StageSource {
        StageSource(metadata: model.metadata, tensors: model, packed: packed)
    }

    package var storeBytes: Int { 0 }
}
