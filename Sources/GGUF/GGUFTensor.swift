package import Formats

/// One entry of a file's tensor directory.
package struct GGUFTensor: Sendable, Hashable {
    /// The name, such as "blk.0.attn_q.weight".
    package let name: String
    /// The type of the elements.
    package let type: ElementType
    /// One to four extents in ggml's order: the first varies fastest and is the number of columns.
    package let dimensions: [Int]
    /// Where the tensor begins, in bytes from the start of the tensor data section of its file.
    package let offset: Int
    /// Which of the model's files it is in (`GGUFFile.parts`): 0, but in a split model.
    package let part: Int
    /// The size in bytes.
    package let byteCount: Int

    /// The extent that varies fastest; a row of that many elements is contiguous.
    package var columns: Int { dimensions[0] }

    /// The product of the other extents.
    package var rows: Int { dimensions.dropFirst().reduce(1, *) }

    /// How many elements there are; cannot overflow, the size in bytes was checked.
    package var elementCount: Int { dimensions.reduce(1, *) }

    /// Makes an entry, its size computed and checked.
    ///
    /// - Throws: `GGUFError` when the dimensions are not one to four positive numbers, a row is not made of whole
    ///   blocks, or the size overflows. `path` and `byteOffset` only say where, for that error.
    package init(
        name: String, type: ElementType, dimensions: [Int], offset: Int, part: Int = 0, path: String = "",
        byteOffset: Int? = nil
    ) throws(GGUFError) {
        func invalid(_ message: String) -> GGUFError {
            GGUFError(
                code: .invalidValue, path: path, byteOffset: byteOffset, message: "tensor \(name) \(message)",
                mend: "the file is damaged or was made wrongly, download or convert it again")
        }
        guard (1...4).contains(dimensions.count) else {
            throw invalid("has \(dimensions.count) dimensions, allowed are 1 to 4")
        }
        var elements = 1
        for dimension in dimensions {
            let (product, overflow) = elements.multipliedReportingOverflow(by: dimension)
            guard dimension > 0, !overflow else { throw invalid("has impossible dimensions \(dimensions)") }
            elements = product
        }
        guard dimensions[0] % type.blockElements == 0 else {
            throw invalid(
                "of type \(type) has rows of \(dimensions[0]) elements, not a multiple of \(type.blockElements)")
        }
        guard let byteCount = type.byteCount(elements: elements) else {
            throw invalid("has impossible dimensions \(dimensions)")
        }
        self.name = name
        self.type = type
        self.dimensions = dimensions
        self.offset = offset
        self.part = part
        self.byteCount = byteCount
    }

    /// The same entry in another of a model's files.
    init(_ tensor: GGUFTensor, part: Int) {
        name = tensor.name
        type = tensor.type
        dimensions = tensor.dimensions
        offset = tensor.offset
        self.part = part
        byteCount = tensor.byteCount
    }
}
