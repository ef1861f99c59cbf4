import Tensors

/// A layer of a stage. A new kind is a case here, and the compiler names every place that has to know it.
enum Layer {
    case transformer(TransformerLayer)

    /// The tensors that a layer needs.
    static func list(_ shape: LayerShape, width: Int, in list: inout TensorList) {
        TransformerLayer.list(shape, width: width, in: &list)
    }

    init<Source>(_ shape: LayerShape, _ loading: LayerLoading<Source>) throws(ModelError) {
        self = .transformer(try TransformerLayer(shape, loading))
    }

    /// Bytes of memory that the weights take.
    var byteCount: Int {
        switch self {
        case .transformer(let layer): layer.byteCount
        }
    }

    /// Takes the batch's rows of `scratch.stream` through the layer, in place.
    func forward(_ batch: StageBatch, cache: KeyValueLayout.Layer, _ run: LayerRun) {
        switch self {
        case .transformer(let layer): layer.forward(batch, cache: cache, run)
        }
    }
}
