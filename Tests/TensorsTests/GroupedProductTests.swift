import Formats
import Tensors
import TestSupport
import Testing

@Suite struct GroupedProductTests {
    private static func matrix(
        _ type: ElementType, rows: Int, columns: Int, form: WeightMatrix.Form = .packed,
        _ generator: inout SeededGenerator
    ) throws -> WeightMatrix {
        let bytes = MappedBytes(copying: randomBlocks(type, elements: rows * columns, &generator))
        return try WeightMatrix(
            name: "test", bytes: bytes, type: type, rows: rows, columns: columns, form: form,
            pool: ThreadPool(threads: 1))
    }

    @Test(
        "grouped products give the bits that each row gives alone",
        arguments: [(ElementType.q4_0, 64), (.q4_K, 256), (.mxfp4, 96), (.f16, 24), (.f32, 36)], [1, 2, 3, 8])
    func groupedProductsGiveTheBitsThat(shape: (type: ElementType, columns: Int), threads: Int) throws {
        var generator = SeededGenerator(seed: 41)
        let columns = shape.columns, pool = ThreadPool(threads: threads)
        // Rows of each expert; one has none, one is chosen by many.
        let counts = [1, 0, 5, 1, 17, 2], total = counts.reduce(0, +)
        let input = try Activations(rows: total, columns: columns)
        for index in 0..<total * columns { input.floats[index] = Float.random(in: -2...2, using: &generator) }
        if columns.isMultiple(of: 32) { for row in 0..<total { input.quantizeRow(row) } }
        for form in [WeightMatrix.Form.packed, .raw] {
            let widths = [40, 100]  // of the gate and of another matrix
            let outputs = try widths.map { try AlignedBuffer(floats: total * $0) }
            var products: [GroupedProduct] = [], first = 0
            for count in counts {
                for (width, output) in zip(widths, outputs) {
                    products.append(
                        GroupedProduct(
                            matrix: try Self.matrix(shape.type, rows: width, columns: columns, form: form, &generator),
                            rows: first..<first + count, output: output.floats))
                }
                first += count
            }
            let scratch = try RowScratch(threads: threads, columns: columns)
            pool.multiply(products, input: input, scratch: scratch)
            let one = try Activations(rows: 1, columns: columns)
            for product in products {
                var alone = [Float](repeating: .nan, count: product.matrix.rows)
                for row in product.rows {
                    one.copyRow(from: input, row: row, to: 0, quantized: columns.isMultiple(of: 32))
                    alone.withUnsafeMutableBufferPointer {
                        pool.multiply(
                            MatrixProduct(product.matrix, output: $0.baseAddress!), input: one, tokens: 1,
                            scratch: scratch)
                    }
                    let start = product.output + row * product.matrix.rows
                    let found = Array(UnsafeBufferPointer(start: start, count: product.matrix.rows))
                    #expect(equalBits(found, alone), "row \(row) of \(product.rows), \(form), \(generator)")
                }
            }
            withExtendedLifetime(outputs) {}
        }
    }

    @Test("no products and products without rows are nothing to do")
    func noProductsAndProductsWithoutRows() throws {
        var generator = SeededGenerator(seed: 42)
        let pool = ThreadPool(threads: 2), input = try Activations(rows: 2, columns: 32)
        let scratch = try RowScratch(threads: 2, columns: 32)
        pool.multiply([], input: input, scratch: scratch)
        let output = try AlignedBuffer(floats: 2 * 40)
        for index in 0..<80 { output.floats[index] = 7 }
        let matrix = try Self.matrix(.q8_0, rows: 40, columns: 32, &generator)
        pool.multiply(
            [GroupedProduct(matrix: matrix, rows: 1..<1, output: output.floats)], input: input, scratch: scratch)
        #expect((0..<80).allSatisfy { output.floats[$0] == 7 })
    }

    @Test("a row copied from other activations gives the products of the row", arguments: [32, 96])
    func aRowCopiedFromOtherActivations(columns: Int) throws {
        var generator = SeededGenerator(seed: 43)
        let from = try Activations(rows: 3, columns: columns), to = try Activations(rows: 2, columns: columns)
        for index in 0..<3 * columns { from.floats[index] = Float.random(in: -2...2, using: &generator) }
        from.quantizeRow(2)
        to.copyRow(from: from, row: 2, to: 1, quantized: true)
        #expect((0..<columns).allSatisfy { to.row(1)[$0] == from.row(2)[$0] && to.row(0)[$0] == 0 })
        let matrix = try Self.matrix(.q4_0, rows: 33, columns: columns, &generator)
        let pool = ThreadPool(threads: 1), scratch = try RowScratch(threads: 1, columns: columns)
        let outputs = try (0..<2).map { _ in try AlignedBuffer(floats: 3 * 33) }
        pool.multiply(
            [GroupedProduct(matrix: matrix, rows: 2..<3, output: outputs[0].floats)], input: from, scratch: scratch)
        pool.multiply(
            [GroupedProduct(matrix: matrix, rows: 1..<2, output: outputs[1].floats)], input: to, scratch: scratch)
        #expect((0..<33).allSatisfy { outputs[0].floats[66 + $0] == outputs[1].floats[33 + $0] })
        #expect((0..<33).contains { outputs[0].floats[66 + $0] != 0 })
    }

    @Test("float weights take activations of any width", arguments: [ElementType.f16, .bf16, .f32], [1, 20, 24, 33])
    func floatWeightsTakeActivationsOfAny(type: ElementType, columns: Int) throws {
        var generator = SeededGenerator(seed: 44)
        let rows = 19, tokens = 5, weights = randomFloats(rows * columns, &generator)
        let bytes = Kernels.quantize(weights, type: type)!, exact = dequantized(bytes, type, rows * columns)
        let input = randomFloats(tokens * columns, &generator)
        for form in [WeightMatrix.Form.packed, .raw] {
            let output = try onAllSets {
                try product(
                    bytes: bytes, type: type, rows: rows, columns: columns, form: form, input: input, threads: 2)
            }
            for token in 0..<tokens {
                for row in 0..<rows {
                    let sum = (0..<columns).reduce(0.0) {
                        $0 + Double(exact[row * columns + $1]) * Double(input[token * columns + $1])
                    }
                    #expect(abs(Double(output[token * rows + row]) - sum) < 1e-4, "\(form), \(generator)")
                }
            }
        }
    }
}
