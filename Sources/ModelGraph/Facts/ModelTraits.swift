package import ModelParts
import GGUF
import Tensors

/// What people ask about a model that can be computed: heads, windows, experts, and how its context was extended. A pure value of the
/// configuration and of the names of the tensors.
package struct ModelTraits: Sendable, Hashable {
    /// Layers whose heads are alike.
    package struct Attention: Sendable, Hashable {
        package var heads: Int
        /// One with latent attention, whose heads share one row.
        package var keyValueHeads: Int
        /// Elements of a head's query or key.
        package var keySize: Int
        package var valueSize: Int
        /// Elements of the latent row that the cache holds, with the key of all heads that is rotated; nil for attention without.
        package var latentSize: Int?
        package var layers: [Int] = []
    }

    /// Layers whose rows see no more than so many positions.
    package struct Window: Sendable, Hashable {
        package var positions: Int
        package var layers: [Int] = []
    }

    /// Layers whose experts are alike.
    package struct Experts: Sendable, Hashable {
        package var count: Int
        /// Experts that a row takes.
        package var used: Int
        /// Elements inside an expert.
        package var width: Int
        /// Elements inside the network that all rows take beside them; nil where there is none.
        package var sharedWidth: Int?
        package var layers: [Int] = []
    }

    /// How rotations are changed for a longer context.
    package enum Scaling: Sendable, Hashable {
        /// Positions are divided by a number.
        case linear(Float)
        /// YaRN: the factor, and the context that the model was trained for first.
        case yarn(Float, originalContext: Int)
        /// LongRoPE: factors for contexts of more positions than these, and others for shorter ones.
        case longrope(originalContext: Int)
        /// A factor for each pair (`rope_freqs.weight`), as Llama 3 has it.
        case frequencies
    }

    package private(set) var attentions: [Attention] = []
    package private(set) var windows: [Window] = []
    package private(set) var experts: [Experts] = []
    /// Each once.
    package private(set) var scalings: [Scaling] = []
    /// Layers into which positions do not enter (NoPE).
    package private(set) var unrotatedLayers: [Int] = []

    /// - Parameter has: whether the file has a tensor of that name.
    package init(_ configuration: ModelConfiguration, has: (String) -> Bool) {
        for (layer, shape) in configuration.layerShapes.enumerated() {
            add(layer, to: \.attentions, Attention(shape.mixer), layers: \.layers)
            if let positions = shape.mixer.cache.window {
                add(layer, to: \.windows, Window(positions: positions), layers: \.layers)
            }
            if let experts = shape.network.experts {
                add(
                    layer, to: \.experts,
                    Experts(
                        count: experts.count, used: experts.used, width: experts.width,
                        sharedWidth: experts.shared?.width), layers: \.layers)
            }
            if shape.mixer.rope == nil { unrotatedLayers.append(layer) }
        }
        for rope in configuration.ropes {
            for scaling in Self.scalings(of: rope, has: has) where !scalings.contains(scaling) {
                scalings.append(scaling)
            }
        }
    }

    /// Adds a layer to the group of its like.
    private mutating func add<Group: Equatable>(
        _ layer: Int, to groups: WritableKeyPath<ModelTraits, [Group]>, _ group: Group,
        layers: WritableKeyPath<Group, [Int]>
    ) {
        let place = self[keyPath: groups].firstIndex { known in
            var alike = known
            alike[keyPath: layers] = []
            return alike == group
        }
        if let place {
            self[keyPath: groups][place][keyPath: layers].append(layer)
        } else {
            var first = group
            first[keyPath: layers] = [layer]
            self[keyPath: groups].append(first)
        }
    }

    private static func scalings(of rope: RopeShape, has: (String) -> Bool) -> [Scaling] {
        var scalings: [Scaling] = []
        switch rope.scaling {
        case .linear(let factor): if factor != 1 { scalings.append(.linear(factor)) }
        case .yarn(let factor, let originalContext, _, _):
            scalings.append(.yarn(factor, originalContext: originalContext))
        case .factors: break
        }
        switch rope.factors {
        case .none: break
        case .frequencies: if has(TensorNames.ropeFactors) { scalings.append(.frequencies) }
        case .longAndShort(let positions):
            if has(TensorNames.longRopeFactors) || has(TensorNames.shortRopeFactors) {
                scalings.append(.longrope(originalContext: positions))
            }
        }
        return scalings
    }
}

extension ModelTraits.Attention {
    init(_ mixer: MixerShape) {
        switch mixer {
        case .attention(let shape):
            self.init(
                heads: shape.heads, keyValueHeads: shape.keyValueHeads, keySize: shape.keySize,
                valueSize: shape.valueSize)
        case .latent(let shape):
            self.init(
                heads: shape.heads, keyValueHeads: 1, keySize: shape.querySize, valueSize: shape.valueSize,
                latentSize: shape.keySize)
        }
    }
}

extension ModelConfiguration {
    /// Bytes that a sequence's cache of so many positions takes at most, all layers together: those with a window keep no more than that needs.
    ///
    /// - Precondition: `check(_:compute:)` passes.
    package func keyValueBytes(
        positions: Int, compute: ComputeMode = .int8, keyValueType: KeyValueType = .standard
    ) -> Int {
        var total = 0
        for group in cacheLayout(0..<layers, compute: compute, keyValueType: keyValueType).groups {
            let pages = group.kind.mostPages(positions: positions, rows: StageScratch.rows)
            let (bytes, overflow) = group.layout.pageBytes.multipliedReportingOverflow(by: pages)
            let (sum, isTooMuch) = total.addingReportingOverflow(bytes)
            guard !overflow, !isTooMuch else { return .max }
            total = sum
        }
        return total
    }
}
