import GGUF
import ModelGraph
import Tensors
import Wire

/// The packed form of a stage's shards: each beside its shard, and good for the shard of that id.
struct PackedShards: PackedPlaces {
    let folder: String
    let shards: [(id: ShardID, file: GGUFFile)]

    func place(of tensor: String) -> PackedPlace? {
        shards.first { $0.file.tensor(named: tensor) != nil }.map { id, _ in
            PackedPlace(path: "\(folder)/\(id).packed", identity: PackedLayout.Identity(sha256: id.bytes))
        }
    }
}
