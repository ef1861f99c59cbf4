import Formats
import Tensors
import TestSupport
import Testing

@Suite struct WeightMatrixTests {
    @Test("a product known by hand comes out", arguments: [WeightMatrix.Form.packed, .raw], [1, 3])
    func aProductKnownByHandComes(form: WeightMatrix.Form, threads: Int) throws {
        // Row r is r + 1 in column r and zero elsewhere; the input counts 1, 2, 3, …
        let rows = 3, columns = 32
        var weights = [Float](repeating: 0, count: rows * columns)
        for row in 0..<rows { weights[row * columns + row] = Float(row + 1) }
        let input = (1...columns).map(Float.init)
        let output = try product(
            weights: weights, type: .f32, rows: rows, columns: columns, form: form, input: input, threads: threads)
        #expect(output == [1, 4, 9])
    }

    @Test("an int8 product known by hand comes out")
    func anInt8ProductKnownByHand() throws {
        // Activations ±127 have the scale 1 and stay what they are; so do nibbles with the scale 1.
        var block: [UInt8] = [0x00, 0x3c]  // 1.0
        block += (0..<16).map { UInt8($0) | UInt8(15 - $0) << 4 }
        let input = (0..<32).map { $0.isMultiple(of: 2) ? Float(127) : -127 }
        // Columns 0..<16 hold -8...7, columns 16..<32 hold 7 down to -8.
        let low = (0..<16).reduce(0) { $0 + ($1 - 8) * ($1.isMultiple(of: 2) ? 127 : -127) }
        let high = (0..<16).reduce(0) { $0 + (7 - $1) * ($1.isMultiple(of: 2) ? 127 : -127) }
        for set in Kernels.supportedInstructionSets {
            let output = try Kernels.using(instructionSet: set) {
                try product(bytes: block, type: .q4_0, rows: 1, columns: 32, form: .packed, input: input, threads: 1)
            }
            #expect(output == [Float(low + high)], "\(set)")
        }
    }

    @Test("products are near those in double precision", arguments: packedTypes, [WeightMatrix.Form.packed, .raw])
    func productsAreNearThoseInDouble(type: ElementType, form: WeightMatrix.Form) throws {
        try expectNearDouble(type: type, form: form, columns: max(96, 2 * type.blockElements))
    }

    @Test("types without a packed form are multiplied from their blocks", arguments: rawTypes)
    func typesWithoutAPackedFormAre(type: ElementType) throws {
        try expectNearDouble(type: type, form: .packed, columns: 512)
    }

    private func expectNearDouble(type: ElementType, form: WeightMatrix.Form, columns: Int) throws {
        var generator = SeededGenerator(seed: 7)
        let rows = 21, tokens = 5
        let bytes = randomBlocks(type, elements: rows * columns, &generator)
        let exact = dequantized(bytes, type, rows * columns), input = randomFloats(tokens * columns, &generator)
        let output = try product(
            bytes: bytes, type: type, rows: rows, columns: columns, form: form, input: input, threads: 2)
        let isQuantized = form == .packed && integerTypes.contains(type)
        for token in 0..<tokens {
            for row in 0..<rows {
                var sum = 0.0, magnitude = 0.0
                for column in 0..<columns {
                    let weight = Double(exact[row * columns + column])
                    sum += weight * Double(input[token * columns + column])
                    magnitude += abs(weight)
                }
                // An activation is at most 2, and off by at most half a step of 2 / 127.
                let tolerance = magnitude * (isQuantized ? 1.01 / 127 : 1e-6) + 1e-6
                #expect(
                    abs(sum - Double(output[token * rows + row])) < tolerance,
                    "row \(row), token \(token), \(generator)")
            }
        }
    }

    @Test(
        "every instruction set gives the bits of the scalar kernels",
        .enabled(if: !wideInstructionSets.isEmpty, "this processor has the scalar kernels only"),
        arguments: packedTypes + rawTypes
    )
    func everyInstructionSetGivesTheBits(type: ElementType) throws {
        var generator = SeededGenerator(seed: 11)
        let shapes =
            type.blockElements == 256
            ? [(1, 256), (16, 256), (17, 768), (33, 512)]
            : [(1, 32), (15, 64), (16, 32), (17, 96), (33, 32), (48, 160), (65, 576)]
        for (rows, columns) in shapes {
            for tokens in [1, 2, 3, 4, 7, 8, 9, 12, 17] {
                let bytes = randomBlocks(type, elements: rows * columns, &generator),
                    input = randomFloats(tokens * columns, in: -9...9, &generator)
                for form in [WeightMatrix.Form.packed, .raw] {
                    func result(_ set: String, threads: Int) throws -> [Float] {
                        try Kernels.using(instructionSet: set) {
                            try product(
                                bytes: bytes, type: type, rows: rows, columns: columns, form: form, input: input,
                                threads: threads)
                        }
                    }
                    let expected = try result("scalar", threads: 1)
                    for (index, set) in wideInstructionSets.enumerated() {
                        let found = try result(set, threads: 1 + (tokens + index) % 3)
                        #expect(
                            equalBits(found, expected), "\(set) \(form) [\(rows), \(columns)] x \(tokens), \(generator)"
                        )
                    }
                }
            }
        }
    }

    @Test("extreme weights and activations do not overflow", arguments: integerTypes)
    func extremeWeightsAndActivationsDoNot(type: ElementType) throws {
        // All bits set, or one: the largest and smallest codes, and scales of groups, of every type. The block's scale is 1, its minimum -1.
        let columns = 2 * type.blockElements
        for filling in [UInt8(0xff), 0x80, 0x7f, 0x00] {
            var block = [UInt8](repeating: filling, count: type.blockBytes)
            for (offset, high) in zip(halfOffsets(type), [UInt8(0x3c), 0xbc]) {
                (block[offset], block[offset + 1]) = (0x00, high)
            }
            if type == .mxfp4 { block[0] = 128 }
            let bytes = block + block
            for activation in [Float(127), -127] {
                let input = [Float](repeating: activation, count: columns)
                let scalar = try Kernels.using(instructionSet: "scalar") {
                    try product(
                        bytes: bytes, type: type, rows: 1, columns: columns, form: .packed, input: input, threads: 1)
                }
                let values = try product(
                    bytes: bytes, type: type, rows: 1, columns: columns, form: .raw, input: input, threads: 1)
                #expect(scalar == values, "\(filling)")
                for set in wideInstructionSets {
                    let found = try Kernels.using(instructionSet: set) {
                        try product(
                            bytes: bytes, type: type, rows: 1, columns: columns, form: .packed, input: input, threads: 1
                        )
                    }
                    #expect(found == scalar, "\(set) \(filling)")
                }
            }
        }
    }

    @Test("a row does not depend on the batch it is in", arguments: packedTypes, [WeightMatrix.Form.packed, .raw])
    func aRowDoesNotDependOn(type: ElementType, form: WeightMatrix.Form) throws {
        var generator = SeededGenerator(seed: 13)
        let rows = 40, columns = max(64, type.blockElements), tokens = 17
        let bytes = randomBlocks(type, elements: rows * columns, &generator)
        let input = randomFloats(tokens * columns, &generator)
        let all = try product(
            bytes: bytes, type: type, rows: rows, columns: columns, form: form, input: input, threads: 2)
        for token in 0..<tokens {
            let one = try product(
                bytes: bytes, type: type, rows: rows, columns: columns, form: form,
                input: Array(input[token * columns..<(token + 1) * columns]), threads: 1)
            #expect(equalBits(one, Array(all[token * rows..<(token + 1) * rows])), "token \(token), \(generator)")
        }
    }

    @Test("three matrices at once give what each gives alone")
    func threeMatricesAtOnceGiveWhat() throws {
        var generator = SeededGenerator(seed: 17)
        let columns = 64, tokens = 3, pool = ThreadPool(threads: 2)
        let input = try Activations(rows: tokens, columns: columns)
        for index in 0..<tokens * columns { input.floats[index] = Float.random(in: -1...1, using: &generator) }
        for row in 0..<tokens { input.quantizeRow(row) }
        let matrices = try [(17, ElementType.q4_1), (40, .q8_0), (5, .f16)].map { rows, type in
            try WeightMatrix(
                name: "test",
                bytes: MappedBytes(copying: Kernels.quantize(randomFloats(rows * columns, &generator), type: type)!),
                type: type, rows: rows, columns: columns, form: .packed, pool: pool)
        }
        let scratch = try RowScratch(threads: 2, columns: columns)
        let together = try matrices.map { try AlignedBuffer(floats: tokens * $0.rows) }
        let alone = try matrices.map { try AlignedBuffer(floats: tokens * $0.rows) }
        let products = zip(matrices, together).map { MatrixProduct($0, output: $1.floats) }
        pool.multiply(products[0], products[1], products[2], input: input, tokens: tokens, scratch: scratch)
        for (matrix, buffer) in zip(matrices, alone) {
            pool.multiply(MatrixProduct(matrix, output: buffer.floats), input: input, tokens: tokens, scratch: scratch)
        }
        for (left, right) in zip(together, alone) { #expect(left.bytes.elementsEqual(right.bytes)) }
    }

    @Test("bad matrices are refused with their name")
    func badMatricesAreRefusedWithTheir() throws {
        let pool = ThreadPool(threads: 1)
        func load(_ type: ElementType, rows: Int, columns: Int, bytes: Int) throws(TensorError) {
            _ = try WeightMatrix(
                name: "blk.3.attn_q.weight", bytes: MappedBytes(copying: [UInt8](repeating: 0, count: bytes)),
                type: type,
                rows: rows, columns: columns, form: .packed, pool: pool)
        }
        let unsupported = #expect(throws: TensorError.self) { try load(.q8_K, rows: 1, columns: 256, bytes: 292) }
        #expect(unsupported == .unsupportedType(tensor: "blk.3.attn_q.weight", type: .q8_K))
        #expect(unsupported?.description.contains("Q8_K") == true)
        #expect(throws: TensorError.columnsNotWholeBlocks(tensor: "blk.3.attn_q.weight", type: .q4_0, columns: 33)) {
            try load(.q4_0, rows: 1, columns: 33, bytes: 18)
        }
        #expect(throws: TensorError.wrongSize(tensor: "blk.3.attn_q.weight", expected: 36, found: 35)) {
            try load(.q4_0, rows: 2, columns: 32, bytes: 35)
        }
    }
}
