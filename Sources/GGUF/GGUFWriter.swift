package import Formats

/// Makes GGUF files, version 3, little-endian. The same input gives the same bytes.
///
/// `layout()` makes all that comes before the tensors, so that their bytes can be streamed from elsewhere;
/// `file(contents:)` makes a whole file in memory.
package struct GGUFWriter: Sendable {
    /// One tensor to write: its directory entry without the place, which the writer decides.
    package struct Tensor: Sendable, Hashable {
        /// The name, at most 64 bytes for other readers' sake.
        package var name: String
        /// The type of the elements.
        package var type: ElementType
        /// Extents in ggml's order, columns first.
        package var dimensions: [Int]

        /// Names a tensor to write.
        package init(name: String, type: ElementType, dimensions: [Int]) {
            self.name = name
            self.type = type
            self.dimensions = dimensions
        }
    }

    /// Where everything goes.
    package struct Layout: Sendable, Hashable {
        /// The bytes of the file up to the tensor data, padded to the alignment.
        package let header: [UInt8]
        /// The directory entries with offsets from the end of `header`, in the order given.
        package let tensors: [GGUFTensor]
        /// The multiple every tensor begins at; zeros fill the gaps.
        package let alignment: Int
        /// The size of the tensor data with its padding, in bytes.
        package let dataByteCount: Int

        /// The size of the whole file in bytes.
        package var fileByteCount: Int { header.count + dataByteCount }
    }

    /// Metadata in the order to write; `general.alignment`, where present, rules the layout.
    package var metadata: [(key: String, value: GGUFValue)]
    /// The tensors in the order to write.
    package var tensors: [Tensor]

    /// Starts with metadata and tensors, more can be appended.
    package init(metadata: [(key: String, value: GGUFValue)] = [], tensors: [Tensor] = []) {
        self.metadata = metadata
        self.tensors = tensors
    }

    /// Computes the header and every tensor's place.
    ///
    /// - Throws: `GGUFError` for a key or name that is empty, too long or used twice, a bad alignment, or impossible
    ///   dimensions.
    package func layout() throws(GGUFError) -> Layout {
        let alignment = try GGUFHeaderParser.alignment(of: GGUFMetadata(entries: metadata))
        let (placed, dataByteCount) = try placeTensors(alignment: alignment)
        var header = Array("GGUF".utf8)
        header.append(littleEndian: UInt32(3))
        header.append(littleEndian: UInt64(tensors.count))
        header.append(littleEndian: UInt64(metadata.count))
        for (key, value) in metadata {
            try checkName(key, "metadata key")
            header.append(string: key)
            header.append(littleEndian: value.type.rawValue)
            header.append(value)
        }
        for tensor in placed {
            header.append(string: tensor.name)
            header.append(littleEndian: UInt32(tensor.dimensions.count))
            for dimension in tensor.dimensions { header.append(littleEndian: UInt64(dimension)) }
            header.append(littleEndian: tensor.type.rawValue)
            header.append(littleEndian: UInt64(tensor.offset))
        }
        header.pad(to: alignment)
        return Layout(header: header, tensors: placed, alignment: alignment, dataByteCount: dataByteCount)
    }

    /// Makes the whole file; `contents` are the tensors' bytes in the order of `tensors`.
    ///
    /// - Throws: `GGUFError` as `layout()`, and when the contents are not of the tensors' sizes.
    package func file(contents: [[UInt8]]) throws(GGUFError) -> [UInt8] {
        let layout = try layout()
        guard contents.count == tensors.count else {
            throw invalid("\(contents.count) contents were given for \(tensors.count) tensors")
        }
        var file = layout.header
        file.reserveCapacity(layout.fileByteCount)
        for (tensor, content) in zip(layout.tensors, contents) {
            guard content.count == tensor.byteCount else {
                throw invalid("tensor \(tensor.name) takes \(tensor.byteCount) bytes, given were \(content.count)")
            }
            file.append(contentsOf: content)
            file.pad(to: layout.alignment)
        }
        return file
    }

    private func placeTensors(alignment: Int) throws(GGUFError) -> ([GGUFTensor], Int) {
        var placed: [GGUFTensor] = []
        var names: Set<String> = []
        var end = 0
        for tensor in tensors {
            try checkName(tensor.name, "tensor")
            guard names.insert(tensor.name).inserted else {
                throw GGUFError(
                    code: .duplicateTensor, message: "tensor \(tensor.name) is to be written twice",
                    mend: "give every tensor a name of its own")
            }
            let entry = try GGUFTensor(
                name: tensor.name, type: tensor.type, dimensions: tensor.dimensions, offset: end)
            let (next, overflow) = end.addingReportingOverflow(entry.byteCount)
            guard !overflow, next <= Int.max - alignment else { throw invalid("the tensors' sizes overflow") }
            end = (next + alignment - 1) & ~(alignment - 1)
            placed.append(entry)
        }
        return (placed, end)
    }

    private func checkName(_ name: String, _ what: String) throws(GGUFError) {
        let limit = GGUFHeaderParser.maximumNameBytes
        guard (1...limit).contains(name.utf8.count) else {
            throw invalid("\(what) \(name.prefix(64)) has \(name.utf8.count) bytes, allowed are 1 to \(limit)")
        }
    }

    private func invalid(_ message: String) -> GGUFError {
        GGUFError(code: .invalidValue, message: message, mend: "correct what is to be written")
    }
}

extension [UInt8] {
    /// Appends a metadata value without its type.
    fileprivate mutating func append(_ value: GGUFValue) {
        switch value {
        case .uint8(let value): append(value)
        case .int8(let value): append(littleEndian: value)
        case .uint16(let value): append(littleEndian: value)
        case .int16(let value): append(littleEndian: value)
        case .uint32(let value): append(littleEndian: value)
        case .int32(let value): append(littleEndian: value)
        case .uint64(let value): append(littleEndian: value)
        case .int64(let value): append(littleEndian: value)
        case .float32(let value): append(littleEndian: value.bitPattern)
        case .float64(let value): append(littleEndian: value.bitPattern)
        case .bool(let value): append(value ? 1 : 0)
        case .string(let value): append(string: value)
        case .array(let array):
            append(littleEndian: array.elementType.rawValue)
            append(littleEndian: UInt64(array.count))
            array.bytes.withUnsafeBytes { append(contentsOf: $0) }
        }
    }
}
