import ModelParts
import Formats
import GGUF
import Tensors

/// Loads tensors by name, checks their shapes, and reports progress in bytes.
struct TensorLoader<Source: TensorSource> {
    let source: Source
    let compute: ComputeMode
    let pool: ThreadPool
    let places: (any PackedPlaces)?
    /// Whether experts stay in files, and are read when rows choose them.
    let expertsOnDisk: Bool
    let tally = PackedTally()
    let progress: (_ bytes: Int) -> Void
    /// What names begin with, such as "blk.3.".
    var prefix = ""
    /// Matrices whose panels are mapped already, and counted in the progress.
    var prepared: [String: (shape: PanelShape, panels: MappedBytes)] = [:]

    init(
        source: Source, compute: ComputeMode, pool: ThreadPool, places: (any PackedPlaces)?,
        expertsOnDisk: Bool = false, progress: @escaping (_ bytes: Int) -> Void
    ) {
        self.source = source
        self.compute = compute
        self.pool = pool
        self.places = places
        self.expertsOnDisk = expertsOnDisk
        self.progress = progress
    }

    /// Whether there is a tensor of this name.
    func contains(_ name: String) -> Bool { source.tensorData(named: prefix + name) != nil }

    func find(_ name: String) throws(ModelError) -> (descriptor: GGUFTensor, bytes: MappedBytes) {
        guard let found = source.tensorData(named: prefix + name) else {
            throw ModelError(
                code: .missingTensor, message: "tensor \(prefix + name) is missing",
                mend: "the file or shard is not whole, or of another model: download or send it again")
        }
        return found
    }

    private func check(_ descriptor: GGUFTensor, _ expected: [Int]) throws(ModelError) {
        guard TensorNeed.areEqual(descriptor.dimensions, expected) else {
            throw ModelError(
                code: .invalidTensor,
                message:
                    "tensor \(descriptor.name) has shape \(descriptor.dimensions), the model's metadata asks for \(expected)",
                mend: "the file is damaged or was converted wrongly, download or convert it again")
        }
    }

    /// A whole matrix; ".weight" is added to the name.
    func matrix(_ name: String, rows: Int, columns: Int) throws(ModelError) -> WeightMatrix {
        try matrices("\(name).weight", of: [columns, rows], runs: [0..<rows])[0]
    }

    /// The matrices of equal shape in one tensor; ".weight" is added to the name.
    func stack(_ name: String, count: Int, rows: Int, columns: Int) throws(ModelError) -> [WeightMatrix] {
        try matrices("\(name).weight", of: [columns, rows, count], runs: Self.runs(count, of: rows))
    }

    /// The same for experts, of which each has `matricesEach` behind each other.
    ///
    /// - Throws: `ModelError` also where they are to stay on disk and are not kept there as products take them.
    func experts(
        _ name: String, count: Int, rows: Int, columns: Int, matricesEach: Int = 1
    ) throws(ModelError) -> [WeightMatrix] {
        let runs = Self.runs(count * matricesEach, of: rows)
        if expertsOnDisk { try checkKept("\(name).weight", runs) }
        let matrices = try matrices("\(name).weight", of: [columns, rows * matricesEach, count], runs: runs)
        // Blocks that are used as the model's file has them.
        if expertsOnDisk { for matrix in matrices { matrix.mappedBytes?.adviseRandom() } }
        return matrices
    }

    private static func runs(_ count: Int, of rows: Int) -> [Range<Int>] {
        (0..<count).map { $0 * rows..<($0 + 1) * rows }
    }

    /// Before they are packed into memory, which they may be too large for.
    private func checkKept(_ name: String, _ runs: [Range<Int>]) throws(ModelError) {
        let (descriptor, _) = try find(name)
        guard compute == .int8, Kernels.packs(descriptor.type),
            runs.contains(where: { prepared[TensorPart(descriptor, rows: $0).key] == nil })
        else { return }
        throw ModelError(
            code: .notKept,
            message: "the experts of \(descriptor.name) are to stay on disk and cannot be kept packed there: "
                + (tally.use.hint ?? "no packed weights are kept here"),
            mend: "keep packed weights (without --no-packed-cache), make room for them, or place fewer layers here")
    }

    /// Matrices of runs of rows of one tensor with these dimensions.
    func matrices(_ name: String, of dimensions: [Int], runs: [Range<Int>]) throws(ModelError) -> [WeightMatrix] {
        let (descriptor, bytes) = try find(name)
        try check(descriptor, dimensions)
        var matrices: [WeightMatrix] = []
        matrices.reserveCapacity(runs.count)
        for run in runs {
            matrices.append(try matrix(TensorPart(descriptor, rows: run), bytes, columns: dimensions[0]))
        }
        return matrices
    }

    private func matrix(
        _ part: TensorPart, _ bytes: MappedBytes, columns: Int
    ) throws(ModelError) -> WeightMatrix {
        if let (shape, panels) = prepared[part.key] {
            tally.use.mappedBytes += panels.count
            tally.uses(panels)
            return WeightMatrix(shape: shape, panels: panels)
        }
        do throws(TensorError) {
            let bytes = try part.bytes(in: bytes)
            let matrix = try WeightMatrix(
                name: part.key, bytes: bytes, type: part.type, rows: part.rows.count, columns: columns,
                form: compute == .int8 ? .packed : .raw, pool: pool)
            tally.use.mappedBytes += matrix.mappedByteCount
            tally.uses(matrix.mappedBytes)
            if matrix.mappedByteCount == 0 { tally.use.inMemory += 1 }
            progress(bytes.count)
            return matrix
        } catch {
            throw ModelError(error)
        }
    }

    /// A vector, or several of them behind each other.
    func vector(_ name: String, _ dimensions: Int...) throws(ModelError) -> AlignedBuffer {
        try values(name, dimensions)
    }

    func optionalVector(_ name: String, _ dimensions: Int...) throws(ModelError) -> AlignedBuffer? {
        contains(name) ? try values(name, dimensions) : nil
    }

    /// The values of a tensor in floats.
    func values(_ name: String, _ dimensions: [Int]) throws(ModelError) -> AlignedBuffer {
        let (descriptor, bytes) = try find(name)
        let name = descriptor.name, count = descriptor.elementCount
        try check(descriptor, dimensions)
        guard Kernels.canDequantize(descriptor.type) else {
            throw ModelError(.unsupportedType(tensor: name, type: descriptor.type))
        }
        guard let expected = descriptor.type.byteCount(elements: count), expected == bytes.count else {
            throw ModelError(
                .wrongSize(tensor: name, expected: descriptor.type.byteCount(elements: count) ?? 0, found: bytes.count))
        }
        let buffer: AlignedBuffer
        do throws(TensorError) {
            buffer = try AlignedBuffer(floats: count)
            bytes.withUnsafeBytes {
                Kernels.dequantize(
                    type: descriptor.type, bytes: $0,
                    into: UnsafeMutableBufferPointer(start: buffer.floats, count: count))
            }
            if bytes.isDamaged {
                throw TensorError.damagedFile("tensor \(name) is gone from its file: it was made shorter")
            }
        } catch {
            throw ModelError(error)
        }
        // So that of a file whose packed form is used no more stays resident than rows that are looked up.
        bytes.discardResidentNeighbourhood()
        guard areFinite(buffer.floats, count: count) else {
            throw ModelError(
                code: .invalidTensor, message: "tensor \(name) holds values that are no finite numbers",
                mend: "the file is damaged, download it again")
        }
        progress(bytes.count)
        return buffer
    }
}

/// A run of rows of a tensor, which becomes a matrix.
struct TensorPart {
    let name: String
    let type: ElementType
    let rows: Range<Int>
    private let allRows: Int
    private let columns: Int

    init(_ descriptor: GGUFTensor, rows: Range<Int>) {
        name = descriptor.name
        type = descriptor.type
        self.rows = rows
        allRows = descriptor.rows
        columns = descriptor.columns
    }

    /// The name of the matrix: of the tensor where it is all of it.
    var key: String { rows == 0..<allRows ? name : "\(name)[\(rows.lowerBound)]" }

    /// The blocks of the rows; rows are whole blocks.
    func bytes(in tensor: MappedBytes) throws(TensorError) -> MappedBytes {
        guard rows != 0..<allRows else { return tensor }
        guard let rowBytes = type.byteCount(elements: columns), rowBytes * allRows == tensor.count,
            let part = tensor.slice(offset: rows.lowerBound * rowBytes, count: rows.count * rowBytes)
        else {
            throw .wrongSize(
                tensor: name, expected: (type.byteCount(elements: columns) ?? 0) * allRows, found: tensor.count)
        }
        return part
    }
}
