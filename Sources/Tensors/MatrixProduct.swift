import CKernels

/// One product of several that take the same activations.
package struct MatrixProduct {
    /// The weights `[rows, columns]`.
    package let matrix: WeightMatrix
    /// Where the result `[tokens, rows]` goes.
    package let output: UnsafeMutablePointer<Float>

    /// Names a product.
    package init(_ matrix: WeightMatrix, output: UnsafeMutablePointer<Float>) {
        self.matrix = matrix
        self.output = output
    }
}

/// Scratch of every thread of a pool for products of raw weights: one dequantized row.
///
/// Thread safety: each thread uses its own part.
package final class RowScratch: @unchecked Sendable {
    private let buffer: AlignedBuffer
    let columns: Int

    /// Makes room for rows of up to `columns` floats.
    ///
    /// - Throws: `TensorError.outOfMemory`.
    package init(threads: Int, columns: Int) throws(TensorError) {
        self.columns = (columns + 15) / 16 * 16
        buffer = try AlignedBuffer(floats: threads * self.columns)
    }

    func row(thread: Int) -> UnsafeMutablePointer<Float> { buffer.floats + thread * columns }
}

extension ThreadPool {
    /// Multiplies the first `tokens` rows of `input` by up to three matrices, as one piece of work. Rows that a matrix needs as int8
    /// must have been quantized. What an output is depends on its row of weights and its row of input only.
    ///
    /// - Precondition: all matrices have the columns of `input`; outputs have room for `[tokens, rows]`.
    package func multiply(
        _ first: MatrixProduct, _ second: MatrixProduct? = nil, _ third: MatrixProduct? = nil, input: Activations,
        tokens: Int, scratch: RowScratch
    ) {
        precondition(
            first.matrix.columns == input.columns, "\(first.matrix.columns) columns, \(input.columns) activations")
        precondition(second.map { $0.matrix.columns == input.columns } ?? true, "activations do not fit")
        precondition(third.map { $0.matrix.columns == input.columns } ?? true, "activations do not fit")
        precondition(tokens <= input.capacity && input.columns <= scratch.columns, "\(tokens) tokens")
        let groups = first.matrix.rowGroups + (second?.matrix.rowGroups ?? 0) + (third?.matrix.rowGroups ?? 0)
        // A unit is an equal share of every matrix, so a thread meets the same rows each time. Small enough that threads end together,
        // large enough that claiming costs nothing: some 16 K weights at least.
        let perThread = threads == 1 ? 1 : max(1, min(16, groups * 32 * input.columns / (threads * 16384)))
        let units = threads * perThread
        let products = SendableProducts(first: first, second: second, third: third)
        run(chunks: units) { unit, thread in
            func part(_ product: MatrixProduct?) {
                guard let product else { return }
                let groups = product.matrix.rowGroups
                let lower = groups * unit / units, upper = groups * (unit + 1) / units
                guard lower < upper else { return }
                product.matrix.multiply(
                    groups: lower..<upper, input: input, tokens: 0..<tokens, output: product.output,
                    scratch: scratch.row(thread: thread))
            }
            part(products.first)
            part(products.second)
            part(products.third)
        }
    }
}

private struct SendableProducts: @unchecked Sendable {
    let first: MatrixProduct
    let second: MatrixProduct?
    let third: MatrixProduct?
}
