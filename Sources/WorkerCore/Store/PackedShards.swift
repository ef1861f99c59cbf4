import GGUF
import ModelGraph
import Tensors
import Wire

/// The packed form of a stage's shards: each beside its shard, and good for the shard of that id.
struct PackedShards: PackedPlaces {
    let folder: String
    let shards: [(id: ShardID, file: GGUFFile)]
    /// Those whose packed form finds no room.
    var leftOut: Set<ShardID> = []

    func place(of tensor: String) -> PackedPlace? {
        guard let id = shards.first(where: { $0.file.tensor(named: tensor) != nil })?.id, !leftOut.contains(id) else {
            return nil
        }
        return PackedPlace(path: "\(folder)/\(id).packed", identity: PackedLayout.Identity(sha256: id.bytes))
    }

    /// What the packed form of a shard takes at most: of all its matrices, though a stage may use fewer.
    static func byteCount(id: ShardID, file: GGUFFile) -> Int {
        let matrices = file.tensors.flatMap { tensor -> [PackedLayout.Matrix] in
            // Each of several in one tensor, as experts are, is packed by itself.
            let count = tensor.dimensions.dropFirst(2).reduce(1, *)
            guard tensor.dimensions.count >= 2, (1...1 << 16).contains(count),
                let shape = try? PanelShape(
                    name: tensor.name, type: tensor.type, rows: tensor.dimensions[1], columns: tensor.dimensions[0],
                    rawBytes: tensor.byteCount / count), shape.packs
            else { return [] }
            return (0..<count).map {
                PackedLayout.Matrix(name: count == 1 ? tensor.name : "\(tensor.name)[\($0)]", shape: shape)
            }
        }
        guard !matrices.isEmpty else { return 0 }
        return PackedLayout(identity: PackedLayout.Identity(sha256: id.bytes), matrices: matrices).byteCount
    }
}
