import TestSupport
import Testing
import Wire
import WorkerCore

/// Which pages a new stage begins with.
struct CachePlanTests {
    private func contents(_ layers: Range<Int>, _ sequences: [UInt32: (Int, UInt32, [Int])]) -> CacheContents {
        CacheContents(
            layers: layers,
            sequences: sequences.mapValues { CacheContents.Sequence(positions: $0.0, trims: $0.1, pages: $0.2) })
    }

    @Test func `a sequence has what all its layers have, and pages that are shared stay shared`() {
        let sources = [
            contents(0..<2, [1: (130, 0, [0, 1, 2]), 2: (100, 0, [0, 3])]),
            contents(2..<5, [1: (200, 0, [5, 6, 7, 8]), 2: (100, 0, [5, 9]), 3: (64, 0, [4])]),
        ]
        let plan = CachePlan(
            [1, 2, 3].map { KeptSequence(sequence: $0, positions: 500) }, layers: 1..<4, from: sources, context: 512)
        #expect(plan.sequences.map(\.positions) == [130, 100, 0])
        #expect(plan.sequences.map(\.pages) == [[0, 1, 2], [0, 3], []])
        #expect(
            plan.pages[3].parts == [
                CachePlan.Part(source: 0, layers: 1..<2, identity: 3),
                CachePlan.Part(source: 1, layers: 2..<4, identity: 9),
            ])
    }

    @Test func `the first source that has a page is asked, and later ones for what it lacks`() {
        let sources = [
            contents(0..<4, [1: (64, 0, [0]), 2: (128, 1, [0, 1])]),
            contents(0..<8, [1: (100, 0, [3, 4]), 2: (70, 0, [6, 5])]),
        ]
        let plan = CachePlan(
            [KeptSequence(sequence: 1, positions: 90), KeptSequence(sequence: 2, positions: 90)], layers: 0..<4,
            from: sources, context: 512)
        #expect(plan.sequences.map(\.positions) == [90, 70])
        #expect(plan.pages.map { $0.parts.map(\.source) } == [[0], [1], [1], [1]])
        let limited = CachePlan(
            [KeptSequence(sequence: 1, positions: 90), KeptSequence(sequence: 2, positions: 90)], layers: 0..<4,
            from: sources, context: 512, newPages: 2)
        #expect(limited.sequences.map(\.positions) == [90, 64])
        let none = CachePlan(
            [KeptSequence(sequence: 1, positions: 90)], layers: 0..<9, from: sources, context: 512)
        #expect(none.sequences.map(\.positions) == [0])
        #expect(CachePlan([KeptSequence(sequence: 1, positions: 9)], layers: 3..<3, from: [], context: 9).pages.isEmpty)
    }

    @Test func `a fork that only the other source has shares the whole pages that are there already`() {
        let own = contents(1..<3, [1: (128, 0, [0, 1])])
        let other = contents(0..<4, [1: (200, 0, [0, 1, 2, 3]), 2: (150, 0, [0, 1, 7]), 3: (70, 0, [0, 1])])
        let plan = CachePlan(
            [1, 2, 3].map { KeptSequence(sequence: $0, positions: 192) }, layers: 1..<3, from: [own, other],
            context: 512)
        #expect(plan.sequences.map(\.pages) == [[0, 1, 2], [0, 1, 3], [0, 1]])
        #expect(plan.pages.map { $0.parts.map(\.source) } == [[0], [0], [1], [1]])
        // What is there of a page that is not whole is not what another needs of it.
        let short = contents(1..<3, [1: (70, 0, [0, 1])])
        let mixed = CachePlan(
            [KeptSequence(sequence: 1, positions: 70), KeptSequence(sequence: 2, positions: 100)], layers: 1..<3,
            from: [short, other], context: 512)
        #expect(mixed.sequences.map(\.pages) == [[0, 1], [0, 2]])
    }

    /// Seeded stages of any layers and sequences, held against the rule, layer by layer.
    @Test(arguments: 0..<200 as Range<UInt64>) func `any sources give what the slow rule gives`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        func random(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
        let sources = (0..<random(0...3)).map { _ in
            let first = random(0...6)
            return contents(
                first..<first + random(1...6),
                Dictionary(
                    uniqueKeysWithValues: (1...4).map { number in
                        let positions = random(0...300)
                        return (
                            UInt32(number),
                            (positions, UInt32(random(0...1)), (0..<(positions + 63) / 64).map { _ in random(0...9) })
                        )
                    }))
        }
        let wanted = (1...4).map {
            KeptSequence(sequence: UInt32($0), positions: UInt32(random(0...300)), trims: UInt32(random(0...1)))
        }
        let first = random(0...5), layers = first..<first + random(1...5)
        let plan = CachePlan(wanted, layers: layers, from: sources, context: 256)
        func has(_ number: UInt32, _ layer: Int, _ source: CacheContents) -> Int {
            guard source.layers.contains(layer), let present = source.sequences[number],
                present.trims == wanted[Int(number) - 1].trims
            else { return 0 }
            return present.positions
        }
        /// For each layer the first source from one on that has a page up to a position, and the page's number there.
        func choice(_ number: UInt32, _ index: Int, upTo end: Int, from first: Int = 0) -> [[Int]]? {
            var choice: [[Int]] = []
            for layer in layers {
                let source = sources.indices.first { $0 >= first && has(number, layer, sources[$0]) >= end }
                guard let source, let present = sources[source].sequences[number] else { return nil }
                choice.append([source, present.pages[index]])
            }
            return choice
        }
        func end(_ number: UInt32, _ index: Int) -> Int {
            min(plan.sequences[Int(number) - 1].positions, 64 * (index + 1))
        }
        for (wanted, planned) in zip(wanted, plan.sequences) {
            let expected = layers.map { layer in sources.map { has(wanted.sequence, layer, $0) }.max() ?? 0 }.min()!
            #expect(planned.positions == min(expected, Int(wanted.positions), 256), "seed \(seed)")
            #expect(planned.pages.count == (planned.positions + 63) / 64)
            for (index, number) in planned.pages.enumerated() {
                let page = plan.pages[number]
                // It is what the rule says for who has it first, and for the others the same memory in the sources that they have it from.
                let made = page.parts.flatMap { part in part.layers.map { _ in [part.source, part.identity] } }
                let limit = end(page.sequence, page.index)
                #expect(made == choice(page.sequence, page.index, upTo: limit), "seed \(seed)")
                let own = choice(wanted.sequence, index, upTo: end(wanted.sequence, index))
                let isSame = sources.indices.contains { first in
                    (first == 0 || limit == 64 * (page.index + 1))
                        && choice(page.sequence, page.index, upTo: limit, from: first) == own
                }
                #expect(isSame, "seed \(seed)")
            }
        }
        // No page is made twice.
        #expect(Set(plan.pages.map(\.parts)).count == plan.pages.count)
    }

    @Test func `an inventory tells what is shared, and comes back as it was`() {
        let own = contents(
            2..<4,
            [
                1: (200, 3, [0, 1, 2, 3]), 2: (150, 0, [0, 1, 4]), 3: (70, 0, [0, 1]), 4: (0, 1, []),
                5: (150, 0, [0, 1, 4]),
            ])
        let told = own.inventory
        #expect(
            told.sequences == [
                CachedSequence(sequence: 1, positions: 200, trims: 3),
                CachedSequence(sequence: 2, positions: 150, sharedPositions: 128, sharedWith: 1),
                // Whole pages alone: the second of it is shared, but not whole.
                CachedSequence(sequence: 3, positions: 70, sharedPositions: 64, sharedWith: 1),
                CachedSequence(sequence: 4, positions: 0, trims: 1),
                CachedSequence(sequence: 5, positions: 150, sharedPositions: 128, sharedWith: 2),
            ])
        let taken = CacheContents(told, layers: 2..<4, context: 512, interest: .first(5))
        #expect(CacheContents(taken.inventory, layers: 2..<4, context: 512, interest: .first(5)) == taken)
        #expect(taken.sequences.mapValues(\.positions) == own.sequences.mapValues(\.positions))
    }

    @Test func `an inventory that makes no sense shares nothing and claims no more than a context`() {
        let told = CacheInventory(sequences: [
            CachedSequence(sequence: 1, positions: 1 << 28, sharedPositions: 1 << 28, sharedWith: 1),
            CachedSequence(sequence: 2, positions: 64, sharedPositions: 64, sharedWith: 3),
            CachedSequence(sequence: 3, positions: 64, sharedPositions: 64, sharedWith: 1),
        ])
        let taken = CacheContents(told, layers: 0..<1, context: 100, interest: .first(3))
        #expect(taken.sequences.mapValues(\.positions) == [1: 100, 2: 64, 3: 64])
        #expect(taken.sequences.mapValues(\.pages) == [1: [0, 1], 2: [2], 3: [0]])
    }

    @Test func `of what nobody asked for nothing is kept, but for what others share their beginnings with`() {
        let told = CacheInventory(
            sequences: [CachedSequence(sequence: 500_000, positions: 1 << 20)]
                + (1...20_000).map {
                    CachedSequence(
                        sequence: $0, positions: 1 << 20, sharedPositions: $0 == 7 ? 640 : 0, sharedWith: 500_000)
                })
        let wanted = [KeptSequence(sequence: 3, positions: 100), KeptSequence(sequence: 7, positions: 700)]
        let taken = CacheContents(told, layers: 0..<1, context: 1 << 20, interest: CacheInterest(wanted))
        #expect(Set(taken.sequences.keys) == [3, 7, 500_000])
        #expect(taken.sequences[3]?.positions == 100)
        #expect(taken.sequences[7]?.pages.prefix(10) == taken.sequences[500_000]?.pages.prefix(10))
        let few = CacheContents(told, layers: 0..<1, context: 64, interest: .first(10))
        #expect(Set(few.sequences.keys) == Set([500_000] + (1...9)))
        let many = CacheContents(told, layers: 0..<1, context: 1 << 20, interest: .first(20_000))
        #expect(many.sequences.values.reduce(0) { $0 + $1.pages.count } <= 1 << 20)
    }

    @Test func `a standby stage wants the whole pages of what all its sources have`() {
        let sources = [
            contents(0..<2, [1: (130, 0, [0, 1, 2]), 2: (63, 1, [3]), 3: (9, 0, [4])]),
            contents(2..<4, [1: (127, 0, [0, 1]), 2: (70, 2, [2, 3])]), contents(7..<9, [:]),
        ]
        #expect(
            StandbySequences.wanted(sources, layers: 0..<4, slots: 8) == [
                KeptSequence(sequence: 1, positions: 64), KeptSequence(sequence: 2, positions: 0, trims: 2),
            ])
        #expect(StandbySequences.wanted(sources, layers: 0..<4, slots: 1).map(\.sequence) == [1])
        #expect(StandbySequences.wanted([], layers: 0..<4, slots: 1).isEmpty)
    }

    @Test func `a standby stage asks soon while something changes, and seldom while nothing does`() {
        var pace = FollowingPace()
        let answers: [Bool?] = [true, false, false, false, false, nil, nil, nil, true]
        let pauses = answers.map { pace.pause(hasChanged: $0) }
        #expect(pauses == [100, 200, 400, 500, 500, 1000, 2000, 2000, 100].map { .milliseconds($0) })
    }
}
