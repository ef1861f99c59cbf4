import Formats

/// Reads and checks everything of a file before its tensor data.
struct GGUFHeaderParser {
    /// What the header says.
    struct Header {
        let version: Int
        let metadata: GGUFMetadata
        let tensors: [GGUFTensor]
        let tensorIndices: [String: Int]
        let alignment: Int
        let dataOffset: Int
    }

    /// The alignment of files that give none (GGUF specification, `general.alignment`).
    static let defaultAlignment = 32
    /// No file is known to use more than 4 KiB; a larger one only wastes space.
    static let maximumAlignment = 1 << 20
    /// The specification's limit for keys; names of tensors are held to it too, ggml's own limit is 64.
    static let maximumNameBytes = 65_535

    var cursor: GGUFCursor
    let source: MappedBytes

    mutating func parse() throws(GGUFError) -> Header {
        try checkMagic()
        let version = try parseVersion()
        // A directory entry has at least a name of one byte (9), the number of dimensions (4), one dimension (8),
        // a type (4) and an offset (8); a metadata entry a key of one byte (9), a type (4) and a value (1).
        let tensorCount = try cursor.count(minimumByteCount: 33, "the number of tensors")
        let entryCount = try cursor.count(minimumByteCount: 14, "the number of metadata entries")
        let metadata = try parseMetadata(count: entryCount)
        let alignment = try parseAlignment(metadata)
        let (tensors, indices) = try parseTensors(count: tensorCount, alignment: alignment)
        // Without tensors a file may end right after its metadata, unpadded.
        let padded = (cursor.position + alignment - 1) & ~(alignment - 1)
        let dataOffset = tensors.isEmpty ? min(padded, cursor.bytes.count) : padded
        try checkLayout(tensors, dataOffset: dataOffset)
        return Header(
            version: version, metadata: metadata, tensors: tensors, tensorIndices: indices, alignment: alignment,
            dataOffset: dataOffset)
    }

    private mutating func parseVersion() throws(GGUFError) -> Int {
        let start = cursor.position
        let version = try cursor.integer("the version", as: UInt32.self)
        func unsupported(_ message: String, mend: String) -> GGUFError {
            cursor.error(.unsupportedVersion, at: start, message, mend: mend)
        }
        switch version {
        case 2, 3:
            return Int(version)
        case 1:
            throw unsupported(
                "is GGUF version 1, supported are 2 and 3",
                mend: "convert it again with a current tool, or get a newer file")
        default:
            if (1...3).contains(version.byteSwapped) {
                throw unsupported(
                    "is a big-endian GGUF file, supported are little-endian ones",
                    mend: "get the little-endian file, or convert it with gguf_convert_endian")
            }
            throw unsupported(
                "is GGUF version \(version), supported are 2 and 3",
                mend: "update this program, or download the file again if it should be of version 2 or 3")
        }
    }

    private mutating func parseMetadata(count: Int) throws(GGUFError) -> GGUFMetadata {
        var entries: [(key: String, value: GGUFValue)] = []
        for index in 0..<count {
            let key = try cursor.name(limit: Self.maximumNameBytes, "the key of metadata entry \(index)")
            let type = try cursor.valueType(key: key)
            entries.append((key, try cursor.value(of: type, in: source, key: key, depth: 0)))
        }
        return try GGUFMetadata(entries: entries, path: cursor.path)
    }

    private func parseAlignment(_ metadata: GGUFMetadata) throws(GGUFError) -> Int {
        try Self.alignment(of: metadata)
    }

    /// The alignment that metadata asks for.
    static func alignment(of metadata: GGUFMetadata) throws(GGUFError) -> Int {
        let alignment = try metadata.integer(ifPresent: "general.alignment") ?? defaultAlignment
        // Multiples of 8 are the specification's rule; with less, elements could not be read in place.
        guard (8...maximumAlignment).contains(alignment), alignment & (alignment - 1) == 0 else {
            throw GGUFError(
                code: .invalidValue, path: metadata.path,
                message: "general.alignment is \(alignment), not a power of two from 8 to \(maximumAlignment)",
                mend: GGUFError.downloadAgain)
        }
        return alignment
    }

    private mutating func parseTensors(
        count: Int, alignment: Int
    ) throws(GGUFError) -> ([GGUFTensor], [String: Int]) {
        var tensors: [GGUFTensor] = []
        var indices: [String: Int] = [:]
        for index in 0..<count {
            let start = cursor.position
            let tensor = try parseTensor(index: index, alignment: alignment)
            guard indices.updateValue(index, forKey: tensor.name) == nil else {
                throw cursor.error(
                    .duplicateTensor, at: start, "tensor \(tensor.name) occurs twice", mend: GGUFError.downloadAgain)
            }
            tensors.append(tensor)
        }
        return (tensors, indices)
    }

    private mutating func parseTensor(index: Int, alignment: Int) throws(GGUFError) -> GGUFTensor {
        let start = cursor.position
        let name = try cursor.name(limit: Self.maximumNameBytes, "the name of tensor \(index)")
        let dimensionCount = try cursor.integer("the number of dimensions of tensor \(name)", as: UInt32.self)
        guard (1...4).contains(dimensionCount) else {
            throw cursor.error(
                .invalidValue, at: start, "tensor \(name) has \(dimensionCount) dimensions, allowed are 1 to 4",
                mend: GGUFError.downloadAgain)
        }
        var dimensions: [Int] = []
        for _ in 0..<dimensionCount {
            let dimension = try cursor.integer("a dimension of tensor \(name)", as: UInt64.self)
            guard let extent = Int(exactly: dimension) else {
                throw cursor.error(
                    .invalidValue, at: start, "tensor \(name) has an impossible dimension \(dimension)",
                    mend: GGUFError.downloadAgain)
            }
            dimensions.append(extent)
        }
        let typeNumber = try cursor.integer("the type of tensor \(name)", as: UInt32.self)
        guard let type = ElementType(rawValue: typeNumber) else {
            throw cursor.error(
                .unknownTensorType, at: start, "tensor \(name) has the unknown type number \(typeNumber)",
                mend: "use a file with another quantization, or a newer version of this program")
        }
        let offset = try cursor.integer("the offset of tensor \(name)", as: UInt64.self)
        guard let offset = Int(exactly: offset), offset % alignment == 0 else {
            throw cursor.error(
                .invalidTensorLayout, at: start,
                "tensor \(name) begins at offset \(offset), not a multiple of the alignment \(alignment)",
                mend: GGUFError.downloadAgain)
        }
        return try GGUFTensor(
            name: name, type: type, dimensions: dimensions, offset: offset, path: cursor.path, byteOffset: start)
    }

    /// Checks that every tensor lies in the file and none overlaps another.
    private func checkLayout(_ tensors: [GGUFTensor], dataOffset: Int) throws(GGUFError) {
        let available = cursor.bytes.count - dataOffset
        var previous: GGUFTensor?
        for tensor in tensors.sorted(by: { $0.offset < $1.offset }) {
            let (end, overflow) = tensor.offset.addingReportingOverflow(tensor.byteCount)
            guard !overflow, end <= available else {
                let missing = overflow ? "too many" : "\(end - available)"
                throw cursor.error(
                    .truncated, at: cursor.bytes.count,
                    "the file ends \(missing) bytes before the end of tensor \(tensor.name)",
                    mend: GGUFError.downloadAgain)
            }
            if let previous, previous.offset + previous.byteCount > tensor.offset {
                throw cursor.error(
                    .invalidTensorLayout, at: dataOffset + tensor.offset,
                    "tensor \(tensor.name) overlaps tensor \(previous.name)", mend: GGUFError.downloadAgain)
            }
            previous = tensor
        }
    }
}
