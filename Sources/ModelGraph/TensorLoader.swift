import Formats
import GGUF
import Tensors

/// Loads tensors by name, checks their shapes, and reports progress in bytes.
struct TensorLoader<Source: TensorSource> {
    let source: Source
    let compute: ComputeMode
    let pool: ThreadPool
    let places: (any PackedPlaces)?
    let tally = PackedTally()
    let progress: (_ bytes: Int) -> Void
    /// Matrices whose panels are mapped already, and counted in the progress.
    var prepared: [String: (shape: PanelShape, panels: MappedBytes)] = [:]

    init(
        source: Source, compute: ComputeMode, pool: ThreadPool, places: (any PackedPlaces)?,
        progress: @escaping (_ bytes: Int) -> Void
    ) {
        self.source = source
        self.compute = compute
        self.pool = pool
        self.places = places
        self.progress = progress
    }

    func find(_ name: String) throws(ModelError) -> (descriptor: GGUFTensor, bytes: MappedBytes) {
        guard let found = source.tensorData(named: name) else {
            throw ModelError(
                code: .missingTensor, message: "tensor \(name) is missing",
                mend: "the file or shard is not whole, or of another model: download or send it again")
        }
        return found
    }

    private func check(_ descriptor: GGUFTensor, _ expected: [Int]) throws(ModelError) {
        guard ModelConfiguration.meaningful(descriptor.dimensions, atLeast: expected.count) == expected else {
            throw ModelError(
                code: .invalidTensor,
                message:
                    "tensor \(descriptor.name) has shape \(descriptor.dimensions), the model's metadata asks for \(expected)",
                mend: "the file is damaged or was converted wrongly, download or convert it again")
        }
    }

    func matrix(_ name: String, rows: Int, columns: Int) throws(ModelError) -> WeightMatrix {
        let (descriptor, bytes) = try find(name)
        try check(descriptor, [columns, rows])
        if let (shape, panels) = prepared[name] {
            tally.use.mappedBytes += panels.count
            tally.uses(panels)
            return WeightMatrix(shape: shape, panels: panels)
        }
        do {
            let matrix = try WeightMatrix(
                name: name, bytes: bytes, type: descriptor.type, rows: rows, columns: columns,
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

    func vector(_ name: String, count: Int) throws(ModelError) -> AlignedBuffer {
        let (descriptor, bytes) = try find(name)
        try check(descriptor, [count])
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

    func optionalVector(_ name: String, count: Int) throws(ModelError) -> AlignedBuffer? {
        source.tensorData(named: name) == nil ? nil : try vector(name, count: count)
    }
}
