import ModelGraph
import TestSupport
import Testing
import Wire
import WorkerCore

/// Which pages a new stage begins with whose layers have windows.
struct WindowedCachePlanTests {
    private typealias Sequence = CacheContents.Sequence

    /// Layers 0, 1, 3, 4 … have a window of 100.
    private func kind(_ layer: Int) -> StateKind { layer % 3 == 2 ? .pages : .window(100) }

    private func plan(
        _ wanted: Int, layers: Range<Int> = 0..<6, _ sources: [CacheContents], newPages: Int = .max
    ) -> CachePlan {
        CachePlan(
            [KeptSequence(sequence: 1, positions: UInt32(wanted))], layers: layers, kind: kind, from: sources,
            context: 1 << 20, newPages: newPages)
    }

    private func source(_ layers: Range<Int>, _ positions: Int, reach: Int, first: Int = 0) -> CacheContents {
        CacheContents(
            layers: layers,
            sequences: [
                1: Sequence(
                    positions: positions, trims: 0, reach: reach, pages: (0..<(positions + 63) / 64).map { first + $0 })
            ])
    }

    @Test func `of a window the pages are taken that are there, and of other layers all`() {
        // 1000 positions are 16 pages; of the window pages 12 to 15 are there.
        let plan = plan(1000, [source(0..<6, 1000, reach: 1000)])
        #expect(plan.sequences.map(\.positions) == [1000])
        #expect(plan.sequences[0].reach == 1000)
        #expect(plan.sequences[0].pages.count == 16)
        #expect(plan.sequences[0].windows[100]?.count == 4)
        let windowed = plan.pages.filter { $0.kind == .window(100) }
        #expect(windowed.map(\.index) == [12, 13, 14, 15])
        #expect(windowed.allSatisfy { $0.parts.map(\.layers) == [0..<2, 3..<5] })
        #expect(plan.pages.filter { $0.kind == .pages }.allSatisfy { $0.parts.map(\.layers) == [2..<3, 5..<6] })
    }

    @Test func `a sequence is not cut to where a window is gone`() {
        let source = source(0..<6, 1000, reach: 1000)
        // Page 12 begins with 768, which row 867 sees first.
        #expect(plan(867, [source]).sequences.map(\.positions) == [867])
        #expect(plan(866, [source]).sequences.map(\.positions) == [0])
        #expect(plan(866, layers: 2..<3, [source]).sequences.map(\.positions) == [866])
        // One that stood by, and is behind, has what is needed.
        let behind = self.source(0..<6, 640, reach: 640)
        #expect(plan(866, [behind, source]).sequences.map(\.positions) == [640])
        #expect(
            plan(866, [source, behind]).pages.allSatisfy { $0.parts.allSatisfy { $0.source == 1 } || $0.kind == .pages }
        )
        #expect(plan(900, [behind, source]).sequences.map(\.positions) == [900])
    }

    @Test func `where there is no room for all of a sequence, what was there stays`() {
        let behind = source(0..<6, 640, reach: 640), source = source(0..<6, 1000, reach: 1000, first: 100)
        // Four of the window and six of the other layers are new.
        #expect(plan(1000, [behind, source], newPages: 10).sequences.map(\.positions) == [1000])
        #expect(plan(1000, [behind, source], newPages: 9).sequences.map(\.positions) == [640])
        #expect(plan(1000, [self.source(0..<6, 0, reach: 0), source], newPages: 9).sequences.map(\.positions) == [0])
    }

    @Test func `of layers that read what others keep nothing is taken`() {
        let plan = CachePlan(
            [KeptSequence(sequence: 1, positions: 1000)], layers: 0..<6, kind: { $0 == 1 || $0 > 3 ? nil : kind($0) },
            from: [source(0..<6, 1000, reach: 1000)], context: 1 << 20)
        #expect(plan.sequences.map(\.positions) == [1000])
        #expect(
            Set(plan.pages.map { $0.parts.map(\.layers) }) == [[0..<1, 3..<4], [2..<3]])
    }

    /// Seeded sources, held against the slow rule.
    @Test(arguments: 0..<300 as Range<UInt64>)
    func `any sources give the most positions that all layers can go on from`(
        seed: UInt64
    ) {
        var generator = SeededGenerator(seed: seed)
        func random(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
        let sources = (0..<random(1...3)).map { _ in
            let first = random(0...6), positions = random(0...600)
            return source(first..<first + random(1...6), positions, reach: positions + random(0...2) * random(0...200))
        }
        let first = random(0...5), layers = first..<first + random(1...5), wanted = random(0...600)
        let plan = plan(wanted, layers: layers, sources)
        let ends = sources.map { min($0.sequences[1]!.positions, wanted) }
        let possible = ends.filter { end in
            layers.allSatisfy { layer in
                sources.contains { source in
                    let sequence = source.sequences[1]!
                    return source.layers.contains(layer) && sequence.positions >= end
                        && (end == 0 || kind(layer).canGoOn(at: end, reach: sequence.reach))
                }
            }
        }
        let planned = plan.sequences[0]
        #expect(planned.positions == possible.max() ?? 0, "seed \(seed)")
        guard planned.positions > 0 else { return }
        for kind in Set(layers.map(kind)) {
            let pages = planned.pages(of: kind).map { plan.pages[$0] }
            #expect(pages.map(\.index) == Array(kind.firstPage(reach: planned.reach)..<(planned.positions + 63) / 64))
            #expect(kind.canGoOn(at: planned.positions, reach: planned.reach))
            for page in pages {
                #expect(page.parts.flatMap(\.layers) == layers.filter { self.kind($0) == kind })
                for part in page.parts {
                    let sequence = sources[part.source].sequences[1]!
                    #expect(kind.firstPage(reach: sequence.reach) <= page.index)
                    #expect(sequence.positions >= min(planned.positions, 64 * (page.index + 1)))
                    #expect(part.layers.allSatisfy { sources[part.source].layers.contains($0) })
                }
            }
        }
    }
}
