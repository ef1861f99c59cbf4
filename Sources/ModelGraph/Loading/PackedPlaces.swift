package import Tensors

/// Where packed weights are kept on disk from one start to the next.
///
/// The matrices of a layer share a file, and so does what belongs to no layer, each matrix alone: the parts that placements are made of,
/// so that every placement finds them, and none keeps more than its stages.
package protocol PackedPlaces: Sendable {
    /// The file for the packed form of a tensor, nil to keep none.
    func place(of tensor: String) -> PackedPlace?
}

/// A file of packed weights, and whose they are.
package struct PackedPlace: Sendable, Hashable {
    package let path: String
    package let identity: PackedLayout.Identity

    package init(path: String, identity: PackedLayout.Identity) {
        self.path = path
        self.identity = identity
    }
}

/// How a stage came by its packed matrices.
package struct PackedUse: Sendable, Hashable {
    /// Matrices that were mapped, packed by an earlier start.
    package var mapped = 0
    /// Matrices that were packed into files for the next start.
    package var written = 0
    /// Matrices that were packed into memory alone.
    package var inMemory = 0
    /// Why files could not be written, where they should have been: the first reason.
    package var hint: String?
    /// Bytes of weights that are mapped from files, packed or not.
    package var mappedBytes = 0

    package init() {}
}

extension PackedUse: CustomStringConvertible {
    package var description: String { "\(mapped) mapped, \(written) packed and kept, \(inMemory) packed" }
}
