import CoordinatorCore
import TestSupport
import Testing
import Wire

/// Key-value caches as a worker keeps them, of tokens instead of keys: pages that sequences with equal beginnings share and copy before they
/// write. With windows it says what cannot be seen any more.
struct SimulatedCaches {
    private final class Page {
        var tokens: [UInt32]
        init(_ tokens: [UInt32] = []) { self.tokens = tokens }
    }

    private struct Cache {
        var length = 0
        var pages: [Page] = []
        var trims: UInt32 = 0
        /// The most positions that it, or one whose beginning it shares, had, and the first page that layers with a window hold.
        var reach = 0
        var first = 0
    }

    let positionsPerPage: Int
    let windows: Scheduler.Windows?
    private var caches: [UInt32: Cache] = [:]

    init(_ limits: Scheduler.Limits) {
        positionsPerPage = limits.positionsPerPage
        windows = limits.windows
    }

    /// Pages that layers with a window hold.
    var windowPageCount: Int {
        Set(caches.values.flatMap { $0.pages.dropFirst($0.first) }.map(ObjectIdentifier.init)).count
    }

    /// Whether a row at a position finds what it sees.
    private func canGoOn(_ cache: Cache, at position: Int) -> Bool {
        windows.map { cache.first * positionsPerPage <= max(0, position + 1 - $0.smallest) } ?? true
    }

    /// A step has come to its end.
    mutating func giveBack() {
        guard let windows else { return }
        for (sequence, cache) in caches where cache.length > cache.reach {
            caches[sequence]!.reach = cache.length
            caches[sequence]!.first = max(
                cache.first, (cache.length - windows.smallest - windows.slack) / positionsPerPage)
        }
    }

    var openCount: Int { caches.count }
    var pageCount: Int { Set(caches.values.flatMap(\.pages).map(ObjectIdentifier.init)).count }

    func content(of sequence: UInt32) -> [UInt32] {
        guard let cache = caches[sequence] else { return [] }
        return Array(cache.pages.flatMap { $0.tokens }.prefix(cache.length))
    }

    /// Loses the cache of any sequence.
    ///
    /// - Returns: whether there was one.
    mutating func forget(using random: inout SeededGenerator) -> Bool {
        guard let sequence = caches.keys.sorted().randomElement(using: &random) else { return false }
        caches[sequence] = nil
        return true
    }

    /// Whether nothing in a step is about what is not there, as when one before it was refused.
    func takes(_ step: Scheduler.PlannedStep) -> Bool {
        var lengths = caches.mapValues(\.length)
        for entry in step.entries {
            switch entry {
            case .open(let sequence):
                guard lengths[sequence] == nil else { return false }
                lengths[sequence] = 0
            case .fork(let sequence, let source, let positions):
                guard lengths[source] ?? -1 >= Int(positions) else { return false }
                if step.replayThrough == nil {
                    guard lengths[sequence] == nil else { return false }
                    lengths[sequence] = Int(positions)
                } else {
                    guard let length = lengths[sequence] else { return false }
                    lengths[sequence] = max(length, Int(positions))
                }
            case .trim(let sequence, let length):
                guard lengths[sequence] ?? -1 >= Int(length) else { return false }
                lengths[sequence] = Int(length)
            case .close(let sequence): lengths[sequence] = nil
            case .rows(let sequence, let position, let count, _):
                let length = lengths[sequence] ?? -1
                let isThere = step.replayThrough == nil ? length == Int(position) : length >= Int(position)
                guard isThere else { return false }
                lengths[sequence] = max(length, Int(position + count))
            }
        }
        return true
    }

    mutating func obey(_ command: StepEntry) {
        switch command {
        case .open(let sequence):
            #expect(caches[sequence] == nil, "sequence \(sequence) is open already")
            caches[sequence] = Cache()
        case .fork(let sequence, let source, let positions):
            #expect(caches[sequence] == nil, "sequence \(sequence) is open already")
            let origin = caches[source] ?? Cache()
            #expect(Int(positions) <= origin.length, "a fork at \(positions) of \(origin.length)")
            #expect(canGoOn(origin, at: Int(positions)), "a fork at \(positions) of one that had \(origin.reach)")
            let pages = (Int(positions) + positionsPerPage - 1) / positionsPerPage
            caches[sequence] = Cache(
                length: Int(positions), pages: Array(origin.pages.prefix(pages)), reach: origin.reach,
                first: origin.first)
        case .trim(let sequence, let length):
            #expect(Int(length) <= caches[sequence]?.length ?? -1)
            if length == 0 {
                caches[sequence]?.reach = 0
                caches[sequence]?.first = 0
            } else if let cache = caches[sequence] {
                #expect(canGoOn(cache, at: Int(length)), "a trim to \(length) of one that had \(cache.reach)")
            }
            let pages = (Int(length) + positionsPerPage - 1) / positionsPerPage
            caches[sequence]?.length = Int(length)
            caches[sequence]?.trims += 1
            caches[sequence]?.pages.removeSubrange(pages...)
        case .close(let sequence): caches[sequence] = nil
        case .rows: Issue.record("rows are no command")
        }
    }

    mutating func write(_ tokens: ArraySlice<UInt32>, at position: Int, of sequence: UInt32) {
        #expect(caches[sequence]?.length == position, "rows at \(position) of sequence \(sequence)")
        guard var cache = caches[sequence] else { return }
        for token in tokens {
            let (page, offset) = cache.length.quotientAndRemainder(dividingBy: positionsPerPage)
            if page == cache.pages.count {
                cache.pages.append(Page())
            } else {
                // Copied wherever somebody else holds it; a copy more than needed changes no count.
                let shared = caches.contains {
                    $0.key != sequence && $0.value.pages.contains { $0 === cache.pages[page] }
                }
                if shared { cache.pages[page] = Page(cache.pages[page].tokens) }
            }
            cache.pages[page].tokens.removeSubrange(offset...)
            cache.pages[page].tokens.append(token)
            cache.length += 1
        }
        caches[sequence] = cache
    }

    /// The same, which changes with this one no more.
    func copied() -> SimulatedCaches {
        var copy = self
        var pages: [ObjectIdentifier: Page] = [:]
        for (sequence, cache) in caches {
            copy.caches[sequence]!.pages = cache.pages.map { page in
                if let known = pages[ObjectIdentifier(page)] { return known }
                pages[ObjectIdentifier(page)] = Page(page.tokens)
                return pages[ObjectIdentifier(page)]!
            }
        }
        return copy
    }

    /// Begins as a stage of a new placement does: with exactly these sequences, of each what is there.
    ///
    /// - Parameter most: what of a sequence there is at most, for a stage that followed another one's caches.
    mutating func takeOver(_ kept: [KeptSequence], most: (UInt32) -> Int = { _ in .max }) -> [KeptSequence] {
        var next: [UInt32: Cache] = [:]
        for sequence in kept {
            var cache = caches[sequence.sequence] ?? Cache()
            if cache.trims != sequence.trims { cache = Cache() }
            cache.length = min(cache.length, Int(sequence.positions), most(sequence.sequence))
            if cache.length == 0 || !canGoOn(cache, at: cache.length) { cache = Cache() }
            cache.pages = Array(cache.pages.prefix((cache.length + positionsPerPage - 1) / positionsPerPage))
            cache.trims = sequence.trims
            next[sequence.sequence] = cache
        }
        caches = next
        return kept.map {
            KeptSequence(sequence: $0.sequence, positions: UInt32(next[$0.sequence]!.length), trims: $0.trims)
        }
    }

    /// Rows of a replay, some of which may be there.
    mutating func rewrite(_ tokens: ArraySlice<UInt32>, at position: Int, of sequence: UInt32) {
        let length = caches[sequence]?.length ?? -1
        #expect(position <= length, "a replay at \(position) of \(length)")
        if let cache = caches[sequence] {
            #expect(canGoOn(cache, at: position), "a replay at \(position) of one that had \(cache.reach)")
        }
        let known = tokens.prefix(max(0, length - position))
        #expect(
            Array(known) == Array(content(of: sequence).dropFirst(position).prefix(known.count)),
            "a replay of other tokens")
        write(tokens.dropFirst(known.count), at: max(position, length), of: sequence)
    }

    /// A fork of a replay: for a stage that has less.
    mutating func refork(_ sequence: UInt32, from source: UInt32, positions: UInt32) {
        guard let cache = caches[sequence], cache.length < Int(positions) else { return }
        caches[sequence] = nil
        obey(.fork(sequence: sequence, from: source, positions: positions))
        caches[sequence]?.trims = cache.trims
    }
}
