package import Formats
package import GGUF

/// What the weights of a file are: how many, of which types, what for, and in which layers. A pure value of the tensor directory.
package struct ModelWeights: Sendable, Hashable {
    /// Sums over some tensors.
    package struct Count: Sendable, Hashable {
        package var tensors = 0
        package var elements = 0
        /// Elements that one token passes: of experts only those that it takes.
        package var activeElements = 0
        package var bytes = 0

        /// nil where there are none.
        package var bitsPerWeight: Double? { elements > 0 ? Double(bytes) * 8 / Double(elements) : nil }

        mutating func add(_ other: Count) {
            tensors += other.tensors
            elements += other.elements
            activeElements += other.activeElements
            bytes += other.bytes
        }
    }

    /// Where a tensor belongs, in the order in which a row passes.
    package enum Place: Sendable, Hashable, Comparable {
        case embedding
        case layer(Int)
        case head
        /// What all layers may read, such as `rope_freqs.weight`.
        case other
    }

    /// The weights of one place.
    package struct Part: Sendable, Hashable {
        package let place: Place
        package let kinds: [WeightKind: Count]

        /// All kinds together.
        package var total: Count { kinds.values.reduce(into: Count()) { $0.add($1) } }
    }

    /// Layers whose weights are of equal sizes.
    package struct LayerGroup: Sendable, Hashable {
        /// In order.
        package var layers: [Int]
        /// What each of them has.
        package let kinds: [WeightKind: Count]
    }

    /// The places that have weights, in order.
    package let parts: [Part]
    /// By element type.
    package let types: [ElementType: Count]

    /// Counts tensors, which lie in files: so that sums do not overflow.
    ///
    /// - Parameter experts: how many experts a layer has and how many of them a token takes; nil for a layer without.
    package init(_ tensors: [GGUFTensor], experts: (_ layer: Int) -> (count: Int, used: Int)?) {
        var parts: [Place: [WeightKind: Count]] = [:]
        var types: [ElementType: Count] = [:]
        for tensor in tensors {
            let kind = WeightKind(tensor: tensor.name)
            var active = tensor.elementCount
            if kind == .experts, let layer = TensorNames.layer(of: tensor.name), let (count, used) = experts(layer),
                count > 0, tensor.dimensions.count > 1, tensor.dimensions.last == count
            {
                active = active / count * min(used, count)
            }
            let count = Count(
                tensors: 1, elements: tensor.elementCount, activeElements: active, bytes: tensor.byteCount)
            parts[Place(tensor: tensor.name, kind: kind), default: [:]][kind, default: Count()].add(count)
            types[tensor.type, default: Count()].add(count)
        }
        self.parts = parts.map { Part(place: $0.key, kinds: $0.value) }.sorted { $0.place < $1.place }
        self.types = types
    }

    /// All weights.
    package var total: Count { parts.reduce(into: Count()) { $0.add($1.total) } }

    /// By what they are for.
    package var kinds: [WeightKind: Count] {
        parts.reduce(into: [:]) { kinds, part in
            for (kind, count) in part.kinds { kinds[kind, default: Count()].add(count) }
        }
    }

    /// Layers by what their weights take, in the order of the first of each group.
    package var layerGroups: [LayerGroup] {
        var groups: [LayerGroup] = []
        var places: [[WeightKind: Count]: Int] = [:]
        for part in parts {
            guard case .layer(let layer) = part.place else { continue }
            if let place = places[part.kinds] {
                groups[place].layers.append(layer)
            } else {
                places[part.kinds] = groups.count
                groups.append(LayerGroup(layers: [layer], kinds: part.kinds))
            }
        }
        return groups
    }
}

extension ModelWeights.Place {
    init(tensor name: String, kind: WeightKind) {
        if let layer = TensorNames.layer(of: name) {
            self = .layer(layer)
        } else if kind == .embedding {
            self = .embedding
        } else if name.hasPrefix("\(TensorNames.head).") || name.hasPrefix("\(TensorNames.finalNorm).") {
            self = .head
        } else {
            self = .other
        }
    }
}

extension ModelWeights {
    /// Counts the weights of a file; of an architecture that is not known, with the numbers of experts that the usual keys give.
    package init(_ file: GGUFFile, configuration: ModelConfiguration?) {
        let prefix = file.metadata["general.architecture"]?.string ?? ""
        func number(_ key: String) -> Int? { file.metadata["\(prefix).\(key)"]?.integer }
        self.init(file.tensors) { layer in
            if let configuration {
                return layer < configuration.layers ? configuration.experts(layer: layer) : nil
            }
            guard let count = number("expert_count"), let used = number("expert_used_count"), count > 0, used > 0
            else { return nil }
            return (count, used)
        }
    }
}
