package import Formats

/// Products of synthetic weights, to measure how fast a device multiplies: one after the other over a buffer that is larger than the
/// caches, as the layers of a model come one after the other.
///
/// What the weights are makes no difference to the time; they are no subnormal numbers, which some processors are slow with.
/// Thread safety: none; used by the thread that uses the pool.
package final class ProductSpeed {
    /// Input elements of the weights: a multiple of every block.
    package static let columns = 4096
    /// Bytes of weights, as a model's file has them, of one product.
    package static let productBytes = 4 << 20

    private let pool: ThreadPool
    private let buffer: AlignedBuffer
    private let input: Activations
    private let output: AlignedBuffer
    private let scratch: RowScratch

    /// The types whose products this build has packed kernels for.
    package static var types: [ElementType] {
        WeightMatrix.supportedTypes.filter { (try? shape($0, tokens: 1))?.packs == true }
    }

    /// Makes the weights and up to `tokens` rows of activations.
    ///
    /// - Parameter bytes: of the weights; several times the last-level cache, at least one product.
    /// - Throws: `TensorError` when there is no memory for it.
    package init(pool: ThreadPool, bytes: Int, tokens: Int) throws(TensorError) {
        self.pool = pool
        // The packed form of a product may be somewhat larger than the file's.
        buffer = try AlignedBuffer(byteCount: max(bytes, 2 * Self.productBytes))
        input = try Activations(rows: tokens, columns: Self.columns)
        // The smallest type has the most rows: not under two bits a weight.
        output = try AlignedBuffer(floats: tokens * Self.productBytes * 4 / Self.columns + 1024)
        scratch = try RowScratch(threads: pool.threads, columns: Self.columns)
        let bytes = buffer.bytes
        pool.run(chunks: 64) { chunk, _ in
            // As a float or a half of any kind this is a normal number between 1e-29 and 1; so are its products.
            UnsafeMutableRawBufferPointer(rebasing: bytes[bytes.count * chunk / 64..<bytes.count * (chunk + 1) / 64])
                .initializeMemory(as: UInt8.self, repeating: 0x20)
        }
        for token in 0..<tokens {
            for column in 0..<Self.columns { input.row(token)[column] = Float((column + token) % 61) - 30 }
            input.quantizeRow(token)
        }
    }

    /// Multiplies weights of a type with `tokens` rows, product after product, until `isDone`, which is asked after each, says so.
    ///
    /// - Returns: the bytes of weights that were multiplied, as a model's file has them.
    /// - Precondition: the type is one of `types`, and there are that many rows of activations.
    package func run(_ type: ElementType, tokens: Int, until isDone: () -> Bool) throws(TensorError) -> Int {
        let shape = try Self.shape(type, tokens: tokens)
        let distance = (shape.packedBytes + 63) / 64 * 64
        let matrices = stride(from: 0, through: buffer.bytes.count - shape.packedBytes, by: distance).map {
            WeightMatrix(shape: shape, buffer: buffer, offset: $0)
        }
        let bytes = Self.rawBytes(type, rows: shape.rows)
        var done = 0
        repeat {
            let matrix = matrices[done % matrices.count]
            pool.multiply(
                MatrixProduct(matrix, output: output.floats), input: input, tokens: tokens, scratch: scratch)
            done += 1
        } while !isDone()
        return done * bytes
    }

    /// With many rows a product is smaller: it takes its time, and a slow device must get through some of them.
    private static func shape(_ type: ElementType, tokens: Int) throws(TensorError) -> PanelShape {
        let rowBytes = rawBytes(type, rows: 1)
        let rows = max(1, productBytes / (tokens > 8 ? 4 : 1) / rowBytes / 32) * 32
        return try PanelShape(
            name: "measured", type: type, rows: rows, columns: columns, rawBytes: rawBytes(type, rows: rows))
    }

    private static func rawBytes(_ type: ElementType, rows: Int) -> Int {
        type.byteCount(elements: rows * columns) ?? 0
    }
}
