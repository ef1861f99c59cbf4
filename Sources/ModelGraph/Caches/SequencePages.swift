import Tensors

extension KeyValueCache {
    /// The pages that a sequence has of one group; a class, so that its table keeps its address while threads read it: only `grow` moves it.
    final class Pages {
        /// By their numbers; nil where one was given back.
        private(set) var pages: [KeyValuePage?] = []
        /// The first that was not given back.
        private(set) var first = 0
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

        var count: Int { pages.count }

        /// Those that are there.
        var present: ArraySlice<KeyValuePage?> { pages[min(first, pages.count)...] }

        /// Makes room for so many pages in the table.
        private func grow(to count: Int) {
            guard count > capacity else { return }
            let (old, present) = (table, capacity)
            capacity = max(count, 2 * present)
            table = .allocate(capacity: capacity)
            table.update(from: old, count: present)
            (table + present).initialize(repeating: nil, count: capacity - present)
            old.deallocate()
            pages.reserveCapacity(capacity)
        }

        /// Begins with pages of another sequence or from elsewhere.
        func begin(_ others: some Collection<KeyValuePage?>) {
            grow(to: others.count)
            pages += others
            first = pages.firstIndex { $0 != nil } ?? 0
            for (index, page) in pages.enumerated() { table[index] = page.map { UnsafeRawPointer($0.base) } }
        }

        /// Drops those from a number on.
        func cut(to count: Int) {
            for index in count..<max(count, pages.count) { table[index] = nil }
            pages.removeSubrange(min(count, pages.count)...)
            first = min(first, pages.count)
        }

        /// Gives those before a number back.
        func giveBack(before number: Int) {
            guard first < number else { return }
            for index in first..<min(number, pages.count) {
                pages[index] = nil
                table[index] = nil
            }
            first = min(number, pages.count)
        }

        /// Whether a page is there that another sequence has too.
        func isShared(_ index: Int) -> Bool { index < pages.count && !isKnownUniquelyReferenced(&pages[index]) }

        /// Makes sure that pages are there that nobody else has.
        ///
        /// - Throws: `TensorError.outOfMemory`.
        func reserve(_ numbers: Range<Int>, layout: KeyValueLayout) throws(TensorError) {
            grow(to: numbers.upperBound)
            for index in numbers {
                if index >= pages.count {
                    pages.append(try KeyValuePage(layout: layout))
                } else if isShared(index), let page = pages[index] {
                    pages[index] = try KeyValuePage(copying: page)
                }
                table[index] = pages[index].map { UnsafeRawPointer($0.base) }
            }
        }
    }
}
