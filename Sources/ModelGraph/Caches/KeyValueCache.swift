import Tensors

/// The caches of a stage's sequences, in pages that sequences with equal beginnings share. What each operation does to each kind of state is
/// said by `StateKind`.
///
/// Not thread-safe: owned by the stage.
struct KeyValueCache {
    /// One sequence.
    final class Sequence {
        var length = 0
        /// How often it was shortened since it began.
        var trims: UInt32 = 0
        /// The most positions that it had, or that one had whose beginning it shares: what was given back by then is gone.
        var reach = 0
        /// Its pages of each group.
        let groups: [Pages]

        init(groups count: Int) { groups = (0..<count).map { _ in Pages() } }
    }

    let layout: CacheLayout
    let context: Int
    /// Pages of each group that all sequences may have together; nil is as many as the system gives.
    var pageLimits: [Int?]
    private(set) var sequences: [UInt32: Sequence] = [:]

    init(layout: CacheLayout, context: Int) {
        self.layout = layout
        self.context = context
        pageLimits = layout.groups.map { _ in nil }
    }

    /// Bytes of all pages, shared ones counted once.
    var byteCount: Int {
        layout.groups.indices.reduce(0) { $0 + pageCount(group: $1) * layout.groups[$1].layout.pageBytes }
    }

    /// Pages of a group, shared ones counted once.
    func pageCount(group: Int) -> Int {
        var seen: Set<ObjectIdentifier> = []
        for sequence in sequences.values {
            for case let page? in sequence.groups[group].present { seen.insert(ObjectIdentifier(page)) }
        }
        return seen.count
    }

    /// How many sequences are open.
    var count: Int { sequences.count }

    func sequence(_ number: UInt32) throws(ModelError) -> Sequence {
        guard let sequence = sequences[number] else {
            throw ModelError(
                code: .unknownSequence, message: "sequence \(number) is not open", mend: "open or fork it first")
        }
        return sequence
    }

    mutating func open(_ number: UInt32) throws(ModelError) {
        guard sequences[number] == nil else {
            throw ModelError(
                code: .sequenceExists, message: "sequence \(number) is already open",
                mend: "close it or use another number")
        }
        sequences[number] = Sequence(groups: layout.groups.count)
    }

    mutating func fork(_ number: UInt32, from source: UInt32, positions: Int) throws(ModelError) {
        let origin = try sequence(source)
        try checkCut(origin, at: positions, number: source)
        try open(number)
        begin(try sequence(number), with: origin, positions: positions)
    }

    /// In a replay: a sequence with fewer positions begins again with those of another; its shortenings stay counted.
    mutating func refork(_ number: UInt32, from source: UInt32, positions: Int) throws(ModelError) {
        let present = try sequence(number)
        guard present.length < positions else { return }
        let origin = try sequence(source)
        try checkCut(origin, at: positions, number: source)
        let sequence = Sequence(groups: layout.groups.count)
        sequence.trims = present.trims
        begin(sequence, with: origin, positions: positions)
        sequences[number] = sequence
    }

    private func begin(_ sequence: Sequence, with origin: Sequence, positions: Int) {
        sequence.length = positions
        sequence.reach = positions == 0 ? 0 : origin.reach
        for (own, pages) in zip(sequence.groups, origin.groups) {
            own.begin(pages.pages.prefix(KeyValueLayout.pages(positions: positions)))
        }
    }

    func trim(_ number: UInt32, to length: Int) throws(ModelError) {
        let sequence = try sequence(number)
        try checkCut(sequence, at: length, number: number)
        for pages in sequence.groups { pages.cut(to: KeyValueLayout.pages(positions: length)) }
        sequence.length = length
        sequence.trims &+= 1
        if length == 0 { sequence.reach = 0 }
    }

    mutating func close(_ number: UInt32) {
        sequences[number] = nil
    }

    /// Opens a sequence that goes on from elsewhere, in place of one of the same number.
    mutating func install(_ number: UInt32, _ cached: SequenceCache) {
        precondition(cached.positions <= context, "\(cached.positions) positions in a context of \(context)")
        let sequence = Sequence(groups: layout.groups.count)
        sequence.trims = cached.trims
        sequence.length = cached.positions
        sequence.reach = cached.reach
        for (own, pages) in zip(sequence.groups, cached.pages) {
            own.begin(pages.prefix(KeyValueLayout.pages(positions: cached.positions)))
        }
        sequences[number] = sequence
    }

    /// Whether a sequence can go on from a position: it has come so far, and what a row there sees was not given back.
    private func checkCut(_ sequence: Sequence, at position: Int, number: UInt32) throws(ModelError) {
        guard (0...sequence.length).contains(position) else {
            throw ModelError(
                code: .positionMismatch,
                message: "sequence \(number) has \(sequence.length) positions, not \(position)",
                mend: "use at most its length")
        }
        if position > 0 { try checkSeen(sequence, from: position, number: number) }
    }

    /// Makes sure that what a row at a position sees was not given back.
    func checkSeen(_ sequence: Sequence, from position: Int, number: UInt32) throws(ModelError) {
        for group in layout.groups where !group.kind.canGoOn(at: position, reach: sequence.reach) {
            throw ModelError(
                code: .positionMismatch,
                message:
                    "sequence \(number) once had \(sequence.reach) positions, and what position \(position) sees in layers with a window was given back",
                mend: "begin it anew, or cut it at most \(StateKind.slack) positions back")
        }
    }

    /// A step has come to an end: what no later row will see is given back.
    func giveBack(_ sequence: Sequence) {
        guard sequence.length > sequence.reach else { return }
        sequence.reach = sequence.length
        for (group, pages) in zip(layout.groups, sequence.groups) {
            switch group.kind {
            case .pages: break
            case .window: pages.giveBack(before: group.kind.firstPage(reach: sequence.reach))
            }
        }
    }

    /// Makes sure that the pages which the sequences lack up to these ends may be made.
    ///
    /// - Throws: `ModelError` (out of memory).
    func checkRoom(_ ends: [(sequence: UInt32, length: Int)]) throws(ModelError) {
        for (index, group) in layout.groups.enumerated() {
            guard let limit = pageLimits[index] else { continue }
            var missing = 0
            for (number, end) in ends {
                let sequence = try sequence(number), pages = sequence.groups[index]
                guard end > sequence.length else { continue }
                missing += max(0, KeyValueLayout.pages(positions: end) - pages.count)
                // A shared page that is about to be written becomes two.
                if pages.isShared(sequence.length / KeyValueLayout.positions) { missing += 1 }
            }
            guard missing > 0 else { continue }
            let present = pageCount(group: index)
            guard missing > limit - present else { continue }
            throw ModelError(
                code: .outOfMemory,
                message:
                    "the caches have \(present) pages of \(group.layout.pageBytes) bytes and may have \(limit); the step takes \(missing) more",
                mend: "close sequences first, or load the stage for more positions")
        }
    }

    /// Makes sure that positions up to `end` can be written: pages exist and the ones to be written are not shared. Length and
    /// contents stay as they are.
    func reserve(_ sequence: Sequence, upTo end: Int) throws(ModelError) {
        guard end > sequence.length else { return }
        let numbers = sequence.length / KeyValueLayout.positions..<KeyValueLayout.pages(positions: end)
        do {
            for (group, pages) in zip(layout.groups, sequence.groups) {
                try pages.reserve(numbers, layout: group.layout)
            }
        } catch {
            throw ModelError(error)
        }
    }
}
