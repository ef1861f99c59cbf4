import GGUF
import Tensors

/// One layer: a mixer and a network with norms around them, added to the stream.
struct TransformerLayer {
    fileprivate enum Mixer {
        case attention(AttentionBlock)
        case latent(LatentAttention)
    }

    fileprivate enum Network {
        case dense(DenseNetwork)
        case experts(ExpertNetwork)
        case denseBesideExperts(DenseBesideExperts)
    }

    private let shape: LayerShape
    private let width: Int
    private let mixer: Mixer
    private let network: Network
    private let mixerNorm: Norm?
    private let mixerResultNorm: Norm?
    private let networkNorm: Norm?
    private let networkResultNorm: Norm?
    private let tokenInput: TokenInput?
    /// What the stream is multiplied by at the end.
    private let outputScale: Float?

    static func list(_ shape: LayerShape, width: Int, in list: inout TensorList) {
        let names = shape.norms.names
        if let name = names.mixer { list.norm(name, shape.norms.shape, width) }
        switch shape.mixer {
        case .attention(let attention): AttentionBlock.list(attention, width: width, in: &list)
        case .latent(let latent): LatentAttention.list(latent, width: width, in: &list)
        }
        for case let name? in [names.mixerResult, names.network, names.networkResult] {
            list.norm(name, shape.norms.shape, width)
        }
        switch shape.network {
        case .dense(let dense): DenseNetwork.list(dense, width: width, in: &list)
        case .experts(let experts): ExpertNetwork.list(experts, width: width, in: &list)
        case .denseBesideExperts(let dense, let experts, let norm):
            DenseBesideExperts.list(dense, experts, norm, width: width, in: &list)
        }
        if let input = shape.tokenInput { TokenInput.list(input, width: width, in: &list) }
        if shape.hasOutputScale { list.vector(outputScaleName, 1, isOptional: true) }
    }

    private static let outputScaleName = Names.outputScale

    init<Source>(_ shape: LayerShape, _ loading: LayerLoading<Source>) throws(ModelError) {
        self.shape = shape
        width = loading.configuration.width
        func norm(_ name: String?) throws(ModelError) -> Norm? {
            guard let name else { return nil }
            return try Norm(name, shape.norms.shape, count: loading.configuration.width, loader: loading.loader)
        }
        let names = shape.norms.names
        mixerNorm = try norm(names.mixer)
        mixer =
            switch shape.mixer {
            case .attention(let attention): .attention(try AttentionBlock(attention, loading))
            case .latent(let latent): .latent(try LatentAttention(latent, loading))
            }
        mixerResultNorm = try norm(names.mixerResult)
        networkNorm = try norm(names.network)
        networkResultNorm = try norm(names.networkResult)
        network =
            switch shape.network {
            case .dense(let dense): .dense(try DenseNetwork(dense, loading))
            case .experts(let experts): .experts(try ExpertNetwork(experts, loading))
            case .denseBesideExperts(let dense, let experts, let norm):
                .denseBesideExperts(try DenseBesideExperts(dense, experts, norm, loading))
            }
        tokenInput = try shape.tokenInput.map { input throws(ModelError) in try TokenInput(input, loading) }
        let scale = shape.hasOutputScale ? try loading.loader.optionalVector(Self.outputScaleName, 1) : nil
        outputScale = scale.map { buffer in withExtendedLifetime(buffer) { buffer.floats[0] } }
    }

    /// Bytes of memory that the weights take.
    var byteCount: Int {
        let norms = [mixerNorm, mixerResultNorm, networkNorm, networkResultNorm]
        return norms.reduce(0) { $0 + ($1?.byteCount ?? 0) } + mixer.byteCount + network.byteCount
            + (tokenInput?.byteCount ?? 0)
    }

    /// Takes the batch's rows of `scratch.stream` through the layer, in place. `cache`: the layer's place in its sequences' pages.
    func forward(_ batch: StageBatch, cache: KeyValueLayout.Layer, _ run: LayerRun) {
        let rows = batch.rows, scratch = run.scratch
        let isParallel = shape.norms.place == .parallel
        run.times.measure(.attentionNorm) {
            let quantizes = mixer.takesInt8 || isParallel && network.takesInt8
            run.pool.forEachRow(rows) { enter($0, norm: mixerNorm, quantizes: quantizes, scratch) }
        }
        switch mixer {
        case .attention(let attention): attention.forward(batch, cache: cache, run)
        case .latent(let latent): latent.forward(batch, cache: cache, run)
        }
        run.times.measure(.feedForwardNorm) {
            run.pool.forEachRow(rows) { row in
                leave(row, bias: mixer.outputBias, norm: mixerResultNorm, scratch)
                if !isParallel { enter(row, norm: networkNorm, quantizes: network.takesInt8, scratch) }
            }
        }
        switch network {
        case .dense(let dense): dense.forward(rows: rows, output: scratch.projected, run)
        case .experts(let experts): experts.forward(rows: rows, output: scratch.projected, run)
        case .denseBesideExperts(let both): both.forward(rows: rows, output: scratch.projected, run)
        }
        run.times.measure(.residual) {
            run.pool.forEachRow(rows) { row in
                leave(row, bias: network.outputBias, norm: networkResultNorm, scratch)
                if let tokenInput { enter(row, norm: nil, quantizes: tokenInput.takesInt8, scratch) }
            }
        }
        if let tokenInput {
            run.times.measure(.tokenInput) {
                tokenInput.forward(rows: rows, run)
                run.pool.forEachRow(rows) { leave($0, bias: nil, norm: tokenInput.norm, scratch) }
            }
        }
        if let outputScale {
            for row in 0..<rows { RowOperations.scale(scratch.stream + row * width, by: outputScale, count: width) }
        }
    }

    /// Makes the row of `scratch.normed` from the stream's.
    private func enter(_ row: Int, norm: Norm?, quantizes: Bool, _ scratch: StageScratch) {
        let stream = scratch.stream + row * width
        if let norm {
            norm.apply(stream, into: scratch.normed.row(row))
        } else {
            scratch.normed.row(row).update(from: stream, count: width)
        }
        if quantizes { scratch.normed.quantizeRow(row) }
    }

    /// Adds the row of `scratch.projected` to the stream.
    private func leave(_ row: Int, bias: AlignedBuffer?, norm: Norm?, _ scratch: StageScratch) {
        let projected = scratch.projected + row * width, stream = scratch.stream + row * width
        bias.add(to: projected, count: width)
        norm?.apply(projected, into: projected)
        if shape.residualScale == 1 {
            RowOperations.add(projected, count: width, to: stream)
        } else {
            RowOperations.add(projected, scaledBy: shape.residualScale, count: width, to: stream)
        }
    }
}

extension TransformerLayer.Mixer {
    var byteCount: Int {
        switch self {
        case .attention(let attention): attention.byteCount
        case .latent(let latent): latent.byteCount
        }
    }

    var takesInt8: Bool {
        switch self {
        case .attention(let attention): attention.takesInt8
        case .latent(let latent): latent.takesInt8
        }
    }

    var outputBias: AlignedBuffer? {
        switch self {
        case .attention(let attention): attention.outputBias
        case .latent(let latent): latent.outputBias
        }
    }
}

extension TransformerLayer.Network {
    var byteCount: Int {
        switch self {
        case .dense(let dense): dense.byteCount
        case .experts(let experts): experts.byteCount
        case .denseBesideExperts(let both): both.byteCount
        }
    }

    var takesInt8: Bool {
        switch self {
        case .dense(let dense): dense.takesInt8
        case .experts(let experts): experts.takesInt8
        case .denseBesideExperts(let both): both.takesInt8
        }
    }

    /// That of experts is within their weighted sum.
    var outputBias: AlignedBuffer? {
        switch self {
        case .dense(let dense): dense.downBias
        case .experts, .denseBesideExperts: nil
        }
    }
}

extension BlockNorms {
    /// The names of the norms that a layer has, as GGUF files spell them.
    fileprivate var names: (mixer: String?, mixerResult: String?, network: String?, networkResult: String?) {
        switch place {
        case .before:
            (Names.attentionNorm, nil, networkNormIsPostAttention ? Names.attentionResultNorm : Names.networkNorm, nil)
        case .after: (nil, Names.attentionResultNorm, nil, Names.networkResultNorm)
        case .around: (Names.attentionNorm, Names.attentionResultNorm, Names.networkNorm, Names.networkResultNorm)
        case .parallel: (Names.attentionNorm, nil, nil, nil)
        }
    }
}
