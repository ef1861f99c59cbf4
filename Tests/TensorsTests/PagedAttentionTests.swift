import Formats
import Tensors
import TestSupport
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

@Suite struct PagedAttentionTests {
    /// Keys and values of `positions` positions in pages, and what several queries make of them.
    private func attend(
        keys: [Float], values: [Float], positions: Int, layout: KeyValueLayout, queries: [Float], lengths: [Int]
    ) throws -> [Float] {
        let pages = try (0..<(positions + 63) / 64).map { _ in try KeyValuePage(layout: layout) }
        let head = layout[layer: 0].heads - 1, layer = layout.layers - 1
        for position in 0..<positions {
            keys.withUnsafeBufferPointer { keys in
                values.withUnsafeBufferPointer { values in
                    PagedAttention.store(
                        key: keys.baseAddress! + position * layout[layer: 0].keySize,
                        value: values.baseAddress! + position * layout[layer: 0].valueSize,
                        layer: layout[layer: layer], head: head, slot: position % 64, page: pages[position / 64].base)
                }
            }
        }
        var output = [Float](repeating: .nan, count: lengths.count * layout[layer: 0].valueSize)
        var scratch = [Float](
            repeating: .nan,
            count: PagedAttention.scratchCount(keySize: layout[layer: 0].keySize, valueSize: layout[layer: 0].valueSize)
        )
        let table: [UnsafeRawPointer?] = pages.map { UnsafeRawPointer($0.base) }
        queries.withUnsafeBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                let list = lengths.enumerated().map { index, length in
                    PagedAttention.Query(
                        query: input.baseAddress! + index * layout[layer: 0].keySize,
                        output: output.baseAddress! + index * layout[layer: 0].valueSize,
                        positions: length)
                }
                list.withUnsafeBufferPointer {
                    PagedAttention.attend(
                        queries: $0, layer: layout[layer: layer], head: head, scale: 0.25, pages: table,
                        scratch: &scratch)
                }
            }
        }
        withExtendedLifetime(pages) {}
        return output
    }

    @Test("equal keys give the mean of the values", arguments: [KeyValueLayout.Element.float16, .float32])
    func equalKeysGiveTheMeanOf(element: KeyValueLayout.Element) throws {
        let layout = KeyValueLayout(layers: 2, heads: 3, keySize: 4, valueSize: 2, element: element)
        let values = (0..<4).flatMap { [Float($0), Float(10 * $0)] }
        let output = try attend(
            keys: [Float](repeating: 1, count: 16), values: values, positions: 4, layout: layout,
            queries: [1, 2, 3, 4, 1, 2, 3, 4],
            lengths: [4, 2])
        #expect(output == [1.5, 15, 0.5, 5])
    }

    @Test(
        "attention is near double precision, on all sets and in all groups of queries with equal bits",
        arguments: [KeyValueLayout.Element.float16, .float32, .q8_0], [(32, 32), (64, 64), (96, 160), (20, 36)])
    func attentionIsNearDoublePrecisionOn(
        element: KeyValueLayout.Element, sizes: (key: Int, value: Int)
    ) throws {
        guard sizes.key.isMultiple(of: element.block), sizes.value.isMultiple(of: element.block) else { return }
        var generator = SeededGenerator(seed: 21)
        let layout = KeyValueLayout(layers: 1, heads: 2, keySize: sizes.key, valueSize: sizes.value, element: element)
        let positions = 600, lengths = [1, 2, 15, 16, 17, 63, 64, 65, 128, 256, 257, 600, 599]
        // As stored, so that only sums are inexact; storing f16 again changes nothing.
        func rounded(_ values: [Float]) -> [Float] { element == .float16 ? values.map { Float(Float16($0)) } : values }
        let keys = rounded(randomFloats(positions * sizes.key, &generator))
        let values = rounded(randomFloats(positions * sizes.value, &generator))
        let queries = randomFloats(lengths.count * sizes.key, &generator)
        func all() throws -> [Float] {
            try attend(
                keys: keys, values: values, positions: positions, layout: layout, queries: queries, lengths: lengths)
        }
        let expected = try Kernels.using(instructionSet: "scalar", all)
        for set in wideInstructionSets {
            try Kernels.using(instructionSet: set) {
                #expect(equalBits(try all(), expected), "\(set), \(generator)")
                for index in lengths.indices {
                    let one = try attend(
                        keys: keys, values: values, positions: positions, layout: layout,
                        queries: Array(queries[index * sizes.key..<(index + 1) * sizes.key]), lengths: [lengths[index]])
                    #expect(
                        equalBits(one, Array(expected[index * sizes.value..<(index + 1) * sizes.value])),
                        "\(set) \(index)")
                }
            }
        }
        let inBytes = element == .q8_0
        let keys8 = inBytes ? bytes(keys, halfScales: true) : keys
        let values8 = inBytes ? bytes(values, halfScales: true) : values
        let queries8 = inBytes ? bytes(queries, halfScales: false) : queries
        for (index, length) in lengths.enumerated() {
            let scores = (0..<length).map { position in
                (0..<sizes.key).reduce(0.0) {
                    $0 + Double(keys8[position * sizes.key + $1]) * Double(queries8[index * sizes.key + $1])
                } * 0.25
            }
            let weights = scores.map { exp($0 - scores.max()!) }, total = weights.reduce(0, +)
            for column in 0..<sizes.value {
                let exact =
                    (0..<length).reduce(0.0) { $0 + weights[$1] * Double(values8[$1 * sizes.value + column]) } / total
                #expect(abs(Double(expected[index * sizes.value + column]) - exact) < 2e-5, "\(generator)")
            }
        }
    }

    /// What values are in blocks of 32 bytes with a scale, in half precision as the cache keeps it or in single as queries have it.
    private func bytes(_ values: [Float], halfScales: Bool) -> [Float] {
        stride(from: 0, to: values.count, by: 32).flatMap { start in
            let block = values[start..<start + 32], largest = block.map { abs($0) }.max()!
            let scale = halfScales ? Float(Float16(largest / 127)) : largest / 127
            return block.map { ($0 * (127 / largest)).rounded(.toNearestOrEven) * scale }
        }
    }

    @Test("a q8_0 page takes 34 bytes for every 32 values")
    func aQ80PageTakes34BytesFor() {
        let layout = KeyValueLayout(layers: 3, heads: 2, keySize: 64, valueSize: 96, element: .q8_0)
        #expect(layout.pageBytes == 3 * 2 * 64 * (64 + 96) / 32 * 34)
    }
}
