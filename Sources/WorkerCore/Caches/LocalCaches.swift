import ModelParts
import ModelGraph
import Synchronization
import Tensors

/// The caches of a stage on this worker whose pages another one takes over.
final class LocalCaches: Sendable {
    let contents: CacheContents
    let layout: CacheLayout
    /// Whether the pages may become the new stage's as they are: it is the same stage.
    let isSame: Bool
    private let pages: Mutex<[KeyValuePage?]>

    /// What a stage has. On the compute thread.
    init(of stage: Stage, isSame: Bool) {
        var numbers: [ObjectIdentifier: Int] = [:]
        var pages: [KeyValuePage?] = []
        var sequences: [UInt32: CacheContents.Sequence] = [:]
        func identity(of page: KeyValuePage?) -> Int {
            // One that was given back is like none.
            guard let page else { return -1 }
            let identity = numbers[ObjectIdentifier(page)] ?? pages.count
            if identity == pages.count {
                numbers[ObjectIdentifier(page)] = identity
                pages.append(page)
            }
            return identity
        }
        layout = stage.cacheLayout
        for number in stage.sequenceNumbers {
            guard let cached = stage.cached(sequence: number) else { continue }
            var sequence = CacheContents.Sequence(
                positions: cached.positions, trims: cached.trims, reach: layout.hasWindows ? cached.reach : 0, pages: []
            )
            let count = KeyValueLayout.pages(positions: cached.positions)
            for (group, held) in zip(layout.groups, cached.pages) {
                let identities = held.prefix(count).map { identity(of: $0) }
                switch group.kind {
                case .pages: sequence.pages = identities
                case .window(let window): sequence.windows[window] = identities
                }
            }
            sequences[number] = sequence
        }
        contents = CacheContents(layers: stage.range.layers, sequences: sequences)
        self.isSame = isSame
        self.pages = Mutex(pages)
    }

    /// Takes all that a stage has: it is left without sequences.
    convenience init(taking stage: Stage, isSame: Bool) {
        self.init(of: stage, isSame: isSame)
        stage.replaceCaches(with: [:])
    }

    /// A page that was not released.
    func page(_ identity: Int) -> KeyValuePage? { pages.withLock { $0[identity] } }

    /// Lets go of the pages whose numbers are not among these.
    func keep(only identities: Set<Int>) {
        pages.withLock { pages in
            for index in pages.indices where !identities.contains(index) { pages[index] = nil }
        }
    }

    /// Lets go of a page.
    func release(_ identity: Int) { pages.withLock { $0[identity] = nil } }
}
