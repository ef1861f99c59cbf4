import ModelGraph
import Tensors
package import Wire

/// What a stage has in its caches, without the bytes. A pure value.
package struct CacheContents: Sendable, Hashable {
    /// What there is of one sequence.
    package struct Sequence: Sendable, Hashable {
        package var positions: Int
        package var trims: UInt32
        /// The most positions that it ever had, which tells what was given back; 0: nothing.
        package var reach: Int
        /// For each page a number, the same where it is the same memory as a page of another sequence.
        package var pages: [Int]
        /// The same of layers with a window, by that, where their pages are not shared as the others are; meaningless where one was given back.
        package var windows: [Int: [Int]]

        package init(positions: Int, trims: UInt32, reach: Int = 0, pages: [Int], windows: [Int: [Int]] = [:]) {
            self.positions = positions
            self.trims = trims
            self.reach = reach
            self.pages = pages
            self.windows = windows
        }

        /// The number of a page of layers of a kind.
        func page(_ index: Int, of kind: StateKind) -> Int {
            switch kind {
            case .pages: pages[index]
            case .window(let window): windows[window]?[index] ?? pages[index]
            }
        }

        /// Whether layers of a kind have all that is needed to go on from a position.
        func canGoOn(at position: Int, _ kind: StateKind) -> Bool {
            position <= positions && (position == 0 || kind.canGoOn(at: position, reach: reach))
        }
    }

    /// The layers, by their numbers in the model.
    package var layers: Range<Int>
    package var sequences: [UInt32: Sequence]

    package init(layers: Range<Int>, sequences: [UInt32: Sequence]) {
        self.layers = layers
        self.sequences = sequences
    }

    /// Page numbers that are kept of what another worker tells: 8 MiB of them.
    private static let mostPages = 1 << 20

    /// What another worker tells of a stage. Sharing that makes no sense is none, and what was not asked for is not kept, however much is
    /// told.
    ///
    /// - Parameters:
    ///   - context: positions that a sequence may have; more are not believed.
    ///   - interest: whose caches are wanted.
    package init(_ inventory: CacheInventory, layers: Range<Int>, context: Int, interest: CacheInterest) {
        self.init(layers: layers, sequences: [:])
        let kept = interest.numbers(of: inventory)
        var nextPage = 0, pageCount = 0
        for told in inventory.sequences where kept.contains(told.sequence) {
            let positions = min(Int(told.positions), context, interest.positions(of: told.sequence))
            pageCount += KeyValueLayout.pages(positions: positions)
            guard pageCount <= Self.mostPages else { break }
            var pages: [Int] = []
            if let origin = sequences[told.sharedWith], told.sharedWith != told.sequence {
                pages += origin.pages.prefix(min(Int(told.sharedPositions), positions) / KeyValueLayout.positions)
            }
            while pages.count < KeyValueLayout.pages(positions: positions) {
                pages.append(nextPage)
                nextPage += 1
            }
            sequences[told.sequence] = Sequence(
                positions: positions, trims: told.trims, reach: Int(told.reach), pages: pages)
        }
    }

    /// What another worker is told: sequences in ascending order, each with the one before it with which it shares most whole pages of
    /// its beginning.
    package var inventory: CacheInventory {
        /// The first sequence that has a page; who has the last of a shared beginning has all of it.
        var owners: [Int: UInt32] = [:]
        var told: [CachedSequence] = []
        for (number, sequence) in sequences.sorted(by: { $0.key < $1.key }) {
            var entry = CachedSequence(
                sequence: number, positions: UInt32(sequence.positions), trims: sequence.trims,
                reach: UInt32(sequence.reach))
            if let owner = sequence.pages.prefix(while: { owners[$0] != nil }).last.flatMap({ owners[$0] }),
                let origin = sequences[owner]
            {
                let same = zip(sequence.pages, origin.pages).prefix { $0 == $1 }.count
                let whole = min(same, min(sequence.positions, origin.positions) / KeyValueLayout.positions)
                if whole > 0 {
                    entry.sharedPositions = UInt32(whole * KeyValueLayout.positions)
                    entry.sharedWith = owner
                }
            }
            for page in sequence.pages where owners[page] == nil { owners[page] = number }
            told.append(entry)
        }
        return CacheInventory(sequences: told)
    }
}
