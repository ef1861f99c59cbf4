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

/// Attention with windows, sinks and soft caps.
@Suite struct AttentionVariantsTests {
    struct Variant: Sendable, CustomTestStringConvertible {
        var window: Int?
        var hasSinks = false
        var softCap: Float?

        func first(_ length: Int) -> Int { window.map { max(0, length - $0) } ?? 0 }
        func sink(_ index: Int) -> Float? { hasSinks ? 2.5 - Float(index % 5) : nil }
        var testDescription: String { "window \(window ?? 0), sinks \(hasSinks), cap \(softCap ?? 0)" }
    }

    static let variants = [
        Variant(window: 24), Variant(window: 128, hasSinks: true), Variant(softCap: 4),
        Variant(window: 300, hasSinks: true, softCap: 2), Variant(window: 1), Variant(hasSinks: true),
    ]

    private static let lengths = [1, 2, 16, 24, 25, 63, 65, 128, 256, 257, 300, 513, 599, 600]

    /// Keys and values of 600 positions, and queries.
    private struct Sequence {
        let layout: KeyValueLayout
        let keys: [Float], values: [Float], queries: [Float]
        let pages: [KeyValuePage]

        init(_ layout: KeyValueLayout, _ generator: inout SeededGenerator) throws {
            self.layout = layout
            let positions = 600
            // As f16 has them, so that only sums are inexact.
            func rounded(_ values: [Float]) -> [Float] { values.map { Float(Float16($0)) } }
            keys = rounded(randomFloats(positions * layout[layer: 0].keySize, &generator))
            values = rounded(randomFloats(positions * layout[layer: 0].valueSize, &generator))
            queries = randomFloats(AttentionVariantsTests.lengths.count * layout[layer: 0].keySize, &generator)
            pages = try (0..<KeyValueLayout.pages(positions: positions)).map { _ in try KeyValuePage(layout: layout) }
            for position in 0..<positions {
                keys.withUnsafeBufferPointer { keys in
                    values.withUnsafeBufferPointer { values in
                        PagedAttention.store(
                            key: keys.baseAddress! + position * layout[layer: 0].keySize,
                            value: values.baseAddress! + position * layout[layer: 0].valueSize, layer: layout[layer: 0],
                            head: 0, slot: position % 64, page: pages[position / 64].base)
                    }
                }
            }
        }

        /// What the queries `indices` give, at once or in segments, last segment first. Pages that they do not attend are not there.
        func attend(_ indices: Range<Int>, _ variant: Variant, inSegments: Bool) -> [Float] {
            let lengths = AttentionVariantsTests.lengths
            var output = [Float](repeating: .nan, count: indices.count * layout[layer: 0].valueSize)
            var scratch = [Float](
                repeating: .nan,
                count: PagedAttention.scratchCount(
                    keySize: layout[layer: 0].keySize, valueSize: layout[layer: 0].valueSize))
            let least = indices.map { variant.first(lengths[$0]) }.min()! / 64
            let table = pages.enumerated().map { $0 < least ? nil : UnsafeRawPointer($1.base) }
            let stride = PagedAttention.partialCount(valueSize: layout[layer: 0].valueSize)
            var partials = [Float](repeating: .nan, count: 3 * stride)
            queries.withUnsafeBufferPointer { input in
                output.withUnsafeMutableBufferPointer { output in
                    func query(_ index: Int, output: UnsafeMutablePointer<Float>) -> PagedAttention.Query {
                        PagedAttention.Query(
                            query: input.baseAddress! + index * layout[layer: 0].keySize, output: output,
                            positions: lengths[index], first: variant.first(lengths[index]), sink: variant.sink(index))
                    }
                    func attend(_ queries: [PagedAttention.Query], segment: Int?) {
                        queries.withUnsafeBufferPointer {
                            PagedAttention.attend(
                                queries: $0, segment: segment, layer: layout[layer: 0], head: 0, scale: 0.25,
                                softCap: variant.softCap, pages: table, scratch: &scratch)
                        }
                    }
                    let places = indices.map {
                        output.baseAddress! + ($0 - indices.lowerBound) * layout[layer: 0].valueSize
                    }
                    if !inSegments {
                        attend(zip(indices, places).map { query($0, output: $1) }, segment: nil)
                        return
                    }
                    partials.withUnsafeMutableBufferPointer { partials in
                        for (index, place) in zip(indices, places) {
                            let segments = PagedAttention.segments(
                                first: variant.first(lengths[index]), positions: lengths[index])
                            for segment in segments.reversed() {
                                attend(
                                    [query(index, output: partials.baseAddress! + segment * stride)], segment: segment)
                            }
                            PagedAttention.merge(
                                partials.baseAddress!, segments: segments, stride: stride,
                                valueSize: layout[layer: 0].valueSize, sink: variant.sink(index), into: place)
                        }
                    }
                }
            }
            return output
        }
    }

    @Test(
        "every variant has equal bits on all sets, in all groups and in segments", arguments: variants,
        [KeyValueLayout.Element.float16, .float32, .q8_0])
    func everyVariantHasEqualBitsOn(variant: Variant, element: KeyValueLayout.Element) throws {
        var generator = SeededGenerator(seed: 61)
        let sizes = element == .q8_0 ? (64, 96) : (20, 36)
        let layout = KeyValueLayout(layers: 1, heads: 1, keySize: sizes.0, valueSize: sizes.1, element: element)
        let sequence = try Sequence(layout, &generator), all = Self.lengths.indices
        let expected = try onAllSets { sequence.attend(all, variant, inSegments: false) }
        let inSegments = try onAllSets { sequence.attend(all, variant, inSegments: true) }
        #expect(equalBits(inSegments, expected), "\(generator)")
        for start in all {
            for end in start + 1...min(start + 5, all.count) {
                let found = sequence.attend(start..<end, variant, inSegments: false)
                let part = Array(expected[start * sizes.1..<end * sizes.1])
                #expect(equalBits(found, part), "queries \(start)..<\(end), \(generator)")
            }
        }
    }

    @Test("every variant is near double precision", arguments: variants)
    func everyVariantIsNearDoublePrecision(variant: Variant) throws {
        var generator = SeededGenerator(seed: 62)
        let layout = KeyValueLayout(layers: 1, heads: 1, keySize: 32, valueSize: 48, element: .float16)
        let sequence = try Sequence(layout, &generator)
        let output = sequence.attend(Self.lengths.indices, variant, inSegments: false)
        for (index, length) in Self.lengths.enumerated() {
            let attended = variant.first(length)..<length
            let scores = attended.map { position in
                let score =
                    (0..<32).reduce(0.0) {
                        $0 + Double(sequence.keys[position * 32 + $1]) * Double(sequence.queries[index * 32 + $1])
                    } * 0.25
                return variant.softCap.map { Double($0) * tanh(score / Double($0)) } ?? score
            }
            let weights = scores.map { exp($0) }
            let total = weights.reduce(0, +) + (variant.sink(index).map { exp(Double($0)) } ?? 0)
            for column in 0..<48 {
                let exact =
                    zip(attended, weights).reduce(0.0) { $0 + $1.1 * Double(sequence.values[$1.0 * 48 + column]) }
                    / total
                #expect(abs(Double(output[index * 48 + column]) - exact) < 2e-5, "\(length), \(generator)")
            }
        }
    }

    @Test("a sink far above takes everything, far below nothing")
    func aSinkFarAboveTakesEverything() throws {
        let layout = KeyValueLayout(layers: 1, heads: 1, keySize: 4, valueSize: 2, element: .float32)
        let page = try KeyValuePage(layout: layout)
        PagedAttention.store(
            key: [1, 2, 3, 4], value: [5, 6], layer: layout[layer: 0], head: 0, slot: 0, page: page.base)
        var scratch = [Float](repeating: 0, count: PagedAttention.scratchCount(keySize: 4, valueSize: 2))
        let table: [UnsafeRawPointer?] = [UnsafeRawPointer(page.base)], input: [Float] = [1, 1, 1, 1]
        // The only score is 10.
        for (sink, expected) in [(Float(1000), [Float(0), 0]), (-1000, [5, 6]), (10, [2.5, 3])] {
            var output: [Float] = [.nan, .nan]
            input.withUnsafeBufferPointer { input in
                output.withUnsafeMutableBufferPointer { output in
                    let query = [
                        PagedAttention.Query(
                            query: input.baseAddress!, output: output.baseAddress!, positions: 1, sink: sink)
                    ]
                    query.withUnsafeBufferPointer {
                        PagedAttention.attend(
                            queries: $0, layer: layout[layer: 0], head: 0, scale: 1, pages: table, scratch: &scratch)
                    }
                }
            }
            #expect(output == expected)
        }
        withExtendedLifetime(page) {}
    }
}
