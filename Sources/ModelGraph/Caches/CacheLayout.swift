package import Tensors

/// How the caches of a stage are laid out: its layers in groups, one for each kind of state. Each group has pages of its own.
package struct CacheLayout: Sendable, Hashable {
    /// Layers whose state is of one kind.
    package struct Group: Sendable, Hashable {
        package let kind: StateKind
        /// A page of 64 positions of these layers, in the stage's order.
        package let layout: KeyValueLayout
    }

    /// Where a layer's keys and values are. Two layers may have a place in common.
    package struct Place: Sendable, Hashable {
        /// The index of its group.
        package var group: Int
        /// Its index among the layers of the group.
        package var index: Int
    }

    package let groups: [Group]
    /// Of each layer of the stage.
    private let places: [Place]

    /// Lays out what layers keep, each of its kind.
    ///
    /// - Precondition: the sizes are multiples of `element.block`.
    package init(layers: [(kind: StateKind, shape: KeyValueLayout.Shape)], element: KeyValueLayout.Element) {
        var kinds: [StateKind] = []
        var shapes: [[KeyValueLayout.Shape]] = []
        places = layers.map { layer in
            let group = kinds.firstIndex(of: layer.kind) ?? kinds.count
            if group == kinds.count {
                kinds.append(layer.kind)
                shapes.append([])
            }
            shapes[group].append(layer.shape)
            return Place(group: group, index: shapes[group].count - 1)
        }
        groups = zip(kinds, shapes).map {
            Group(kind: $0, layout: KeyValueLayout(layers: $1, element: element))
        }
    }

    /// Where a layer is, counted from the stage's first.
    package func place(layer: Int) -> Place { places[layer] }

    /// The kind of what a layer keeps.
    package func kind(layer: Int) -> StateKind { groups[places[layer].group].kind }

    /// A layer's part of a page of its group.
    package func part(layer: Int) -> KeyValueLayout.Layer {
        let place = places[layer]
        return groups[place.group].layout[layer: place.index]
    }

    /// The group of neighbouring layers of one kind, and which of its layers they are.
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
