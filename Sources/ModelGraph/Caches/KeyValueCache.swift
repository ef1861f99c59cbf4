import Tensors

/// The key-value caches of a stage's sequences, in pages that sequences with equal beginnings share.
///
/// Not thread-safe: owned by the stage.
struct KeyValueCache {
    /// One sequence; a class, so that its table of pages keeps its address while threads read it: only `reserve` and `begin` move it.
    final class Sequence {
        var length = 0
        /// How often it was shortened since it began.
        var trims: UInt32 = 0
        var pages: [KeyValuePage] = []
        /// The addresses of `pages`, as the kernels read them.
        private(set) var table: UnsafeMutablePointer<UnsafeRawPointer?>
        /// Pages that the table has room for. It grows with the sequence: a context may be long, and sequences many.
        private var capacity = 8

        init() {
            table = .allocate(capacity: capacity)
            table.initialize(repeating: nil, count: capacity)
            pages.reserveCapacity(capacity)
        }

        deinit { table.deallocate() }

        /// Makes room for so many pages in the table.
        func grow(to count: Int) {
            guard count > capacity else { return }
            let (old, present) = (table, capacity)
            capacity = max(count, 2 * present)
            table = .allocate(capacity: capacity)
            table.update(from: old, count: present)
            (table + present).initialize(repeating: nil, count: capacity - present)
            old.deallocate()
            pages.reserveCapacity(capacity)
        }

        /// Begins with pages that hold at least so many positions.
        func begin(_ pages: [KeyValuePage], positions: Int) {
            length = positions
            grow(to: KeyValueLayout.pages(positions: positions))
            self.pages += pages.prefix(KeyValueLayout.pages(positions: positions))
            for (index, page) in self.pages.enumerated() { table[index] = UnsafeRawPointer(page.base) }
        }
    }

    let layout: KeyValueLayout
    let context: Int
    /// Pages that all sequences may have together; nil is as many as the system gives.
    var pageLimit: Int?
    private(set) var sequences: [UInt32: Sequence] = [:]

    init(layout: KeyValueLayout, context: Int) {
        self.layout = layout
        self.context = context
    }

    /// Bytes of all pages, shared ones counted once.
    var byteCount: Int { pageCount * layout.pageBytes }

    private var pageCount: Int {
        var seen: Set<ObjectIdentifier> = []
        for sequence in sequences.values {
            for page in sequence.pages { seen.insert(ObjectIdentifier(page)) }
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
        sequences[number] = Sequence()
    }

    mutating func fork(_ number: UInt32, from source: UInt32, positions: Int) throws(ModelError) {
        let origin = try sequence(source)
        try check(positions, within: origin.length, of: source)
        try open(number)
        let sequence = try sequence(number)
        sequence.begin(origin.pages, positions: positions)
    }

    /// In a replay: a sequence with fewer positions begins again with those of another; its shortenings stay counted.
    mutating func refork(_ number: UInt32, from source: UInt32, positions: Int) throws(ModelError) {
        let present = try sequence(number)
        guard present.length < positions else { return }
        let origin = try sequence(source)
        try check(positions, within: origin.length, of: source)
        let sequence = Sequence()
        sequence.trims = present.trims
        sequence.begin(origin.pages, positions: positions)
        sequences[number] = sequence
    }

    func trim(_ number: UInt32, to length: Int) throws(ModelError) {
        let sequence = try sequence(number)
        try check(length, within: sequence.length, of: number)
        let pages = KeyValueLayout.pages(positions: length)
        for index in pages..<sequence.pages.count { sequence.table[index] = nil }
        sequence.pages.removeSubrange(pages...)
        sequence.length = length
        sequence.trims &+= 1
    }

    mutating func close(_ number: UInt32) {
        sequences[number] = nil
    }

    /// Opens a sequence that goes on from elsewhere, in place of one of the same number.
    mutating func install(_ number: UInt32, pages: [KeyValuePage], positions: Int, trims: UInt32) {
        precondition(positions <= context, "\(positions) positions in a context of \(context)")
        let sequence = Sequence()
        sequence.trims = trims
        sequence.begin(pages, positions: positions)
        sequences[number] = sequence
    }

    private func check(_ positions: Int, within length: Int, of number: UInt32) throws(ModelError) {
        guard (0...length).contains(positions) else {
            throw ModelError(
                code: .positionMismatch, message: "sequence \(number) has \(length) positions, not \(positions)",
                mend: "use at most its length")
        }
    }

    /// Makes sure that the pages which the sequences lack up to these ends may be made.
    ///
    /// - Throws: `ModelError` (out of memory).
    func checkRoom(_ ends: [(sequence: UInt32, length: Int)]) throws(ModelError) {
        guard let pageLimit else { return }
        var missing = 0
        for (number, end) in ends {
            let sequence = try sequence(number)
            guard end > sequence.length else { continue }
            missing += max(0, KeyValueLayout.pages(positions: end) - sequence.pages.count)
            let partial = sequence.length / KeyValueLayout.positions
            // A shared page that is about to be written becomes two.
            if partial < sequence.pages.count, !isKnownUniquelyReferenced(&sequence.pages[partial]) { missing += 1 }
        }
        guard missing > 0 else { return }
        let present = pageCount
        guard missing > pageLimit - present else { return }
        throw ModelError(
            code: .outOfMemory,
            message:
                "the caches have \(present) pages of \(layout.pageBytes) bytes and may have \(pageLimit); the step takes \(missing) more",
            mend: "close sequences first, or load the stage for more positions")
    }

    /// Makes sure that positions up to `end` can be written: pages exist and the ones to be written are not shared. Length and
    /// contents stay as they are.
    func reserve(_ sequence: Sequence, upTo end: Int) throws(ModelError) {
        guard end > sequence.length else { return }
        do {
            let partial = sequence.length / KeyValueLayout.positions
            sequence.grow(to: KeyValueLayout.pages(positions: end))
            for index in partial..<KeyValueLayout.pages(positions: end) {
                if index >= sequence.pages.count {
                    sequence.pages.append(try KeyValuePage(layout: layout))
                } else if !isKnownUniquelyReferenced(&sequence.pages[index]) {
                    sequence.pages[index] = try KeyValuePage(copying: sequence.pages[index])
                }
                sequence.table[index] = UnsafeRawPointer(sequence.pages[index].base)
            }
        } catch {
            throw ModelError(error)
        }
    }
}
