package import Tensors

/// How the caches of a stage are laid out: its layers in groups, one for each kind of state. Each group has pages of its own.
package struct CacheLayout: Sendable, Hashable {
    /// Layers whose state is of one kind.
    package struct Group: Sendable, Hashable {
        package let kind: StateKind
        /// A page of 64 positions of these layers, in the stage's order.
        package let layout: KeyValueLayout
    }

    /// What is laid out of a layer.
    package enum Layer: Sendable, Hashable {
        /// What it keeps itself.
        case own(StateKind, KeyValueLayout.Shape)
        /// It reads what an earlier one of the stage keeps.
        case shared(with: Int)
    }

    /// Where a layer's keys and values are. Layers may have a place in common.
    package struct Place: Sendable, Hashable {
        /// The index of its group.
        package var group: Int
        /// Its index among the layers of the group.
        package var index: Int
    }

    package let groups: [Group]
    /// Of each layer of the stage.
    private let places: [Place]
    /// Whether each keeps anything itself.
    private let keeps: [Bool]

    /// Lays out what layers keep, each of its kind.
    ///
    /// - Precondition: the sizes are multiples of `element.block`, and layers share with earlier ones.
    package init(layers: [Layer], element: KeyValueLayout.Element) {
        var kinds: [StateKind] = []
        var shapes: [[KeyValueLayout.Shape]] = []
        var places: [Place] = [], keeps: [Bool] = []
        for layer in layers {
            switch layer {
            case .own(let kind, let shape):
                let group = kinds.firstIndex(of: kind) ?? kinds.count
                if group == kinds.count {
                    kinds.append(kind)
                    shapes.append([])
                }
                shapes[group].append(shape)
                places.append(Place(group: group, index: shapes[group].count - 1))
                keeps.append(true)
            case .shared(let other):
                places.append(places[other])
                keeps.append(false)
            }
        }
        self.places = places
        self.keeps = keeps
        groups = zip(kinds, shapes).map {
            Group(kind: $0, layout: KeyValueLayout(layers: $1, element: element))
        }
    }

    /// Where a layer is, counted from the stage's first.
    package func place(layer: Int) -> Place { places[layer] }

    /// The kind of what a layer keeps; nil for one that reads what another keeps.
    package func kind(layer: Int) -> StateKind? { keeps[layer] ? groups[places[layer].group].kind : nil }

    /// A layer's part of a page of its group.
    package func part(layer: Int) -> KeyValueLayout.Layer {
        let place = places[layer]
        return groups[place.group].layout[layer: place.index]
    }

    /// The group of neighbouring layers that keep something of one kind, and which of its layers they are.
    package func place(layers: Range<Int>) -> (group: Int, indices: Range<Int>) {
        precondition(!layers.isEmpty, "no layers")
        let (first, last) = (places[layers.lowerBound], places[layers.upperBound - 1])
        precondition(first.group == last.group, "layers \(layers) of several kinds")
        return (first.group, first.index..<last.index + 1)
    }

    /// The index of the group of a kind.
    package func group(of kind: StateKind) -> Int? { groups.firstIndex { $0.kind == kind } }

    /// Bytes of a page of each group together: what 64 positions take that are kept everywhere.
    package var pageBytes: Int { groups.reduce(0) { $0 + $1.layout.pageBytes } }

    /// The bytes of the largest group's page, and of the largest layer's part.
    package var largestPageBytes: Int { groups.reduce(0) { max($0, $1.layout.pageBytes) } }
    package var largestLayerBytes: Int { groups.reduce(0) { max($0, $1.layout.largestLayerBytes) } }

    /// Whether anything is given back.
    package var hasWindows: Bool { groups.contains { $0.kind != .pages } }
}
