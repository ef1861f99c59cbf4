import Tensors

/// What a pass of a batch through the layers of a stage works with.
struct LayerRun {
    let scratch: StageScratch
    let pool: ThreadPool
    let times: OperationTimes?
}

/// A rotary embedding that layers share, and the place of its angles in the scratch.
struct LayerRope {
    let rope: RotaryEmbedding
    /// Where the angles of a row begin.
    let offset: Int
}

/// What layers are loaded with.
struct LayerLoading<Source: TensorSource> {
    let configuration: ModelConfiguration
    /// Of the layer: names begin with it.
    let loader: TensorLoader<Source>
    let scratch: StageScratch
    let ropes: [RopeShape: LayerRope]
    /// The layer of the model, and the first one of the stage.
    let layer: Int
    let firstLayer: Int
}

extension AlignedBuffer? {
    /// Adds a bias, where there is one, to a row.
    func add(to row: UnsafeMutablePointer<Float>, count: Int) {
        if let self { RowOperations.add(self.floats, count: count, to: row) }
    }

    var byteCount: Int { self?.bytes.count ?? 0 }
}
