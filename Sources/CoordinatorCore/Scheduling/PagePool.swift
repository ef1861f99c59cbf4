/// Keeps account of the pages of key-value caches: who holds which, counted, so that a shared one counts once.
///
/// The pages themselves are the workers'; every stage has the same ones for its own layers.
struct PagePool: Sendable {
    let total: Int
    private var free: [Int]
    /// For each page: how many sequences hold it.
    private var holders: [Int32]
    /// For each page: how many of those are at work.
    private var workers: [Int32]
    /// Pages that only dormant sequences hold.
    private(set) var dormantCount = 0

    init(pages: Int) {
        total = pages
        free = Array((0..<pages).reversed())
        holders = Array(repeating: 0, count: pages)
        workers = Array(repeating: 0, count: pages)
    }

    var freeCount: Int { free.count }
    /// Pages of sequences at work.
    var usedCount: Int { total - free.count - dormantCount }

    /// New pages for a sequence at work.
    ///
    /// - Precondition: so many are free.
    mutating func take(_ count: Int) -> [Int] {
        precondition(count <= free.count, "\(count) pages are asked for, \(free.count) are free")
        let pages = Array(free.suffix(count).reversed())
        free.removeLast(count)
        for page in pages { (holders[page], workers[page]) = (1, 1) }
        return pages
    }

    /// Pages get one more sequence at work.
    mutating func share(_ pages: some Sequence<Int>) {
        for page in pages {
            if workers[page] == 0 { dormantCount -= 1 }
            holders[page] += 1
            workers[page] += 1
        }
    }

    /// A sequence at work gives pages up.
    mutating func release(_ pages: some Sequence<Int>) {
        for page in pages {
            workers[page] -= 1
            if workers[page] == 0 { dormantCount += 1 }
            drop(page)
        }
    }

    /// A sequence at work becomes dormant with its pages.
    mutating func rest(_ pages: some Sequence<Int>) {
        for page in pages {
            workers[page] -= 1
            if workers[page] == 0 { dormantCount += 1 }
        }
    }

    /// A dormant sequence gives its pages up.
    mutating func releaseDormant(_ pages: some Sequence<Int>) {
        for page in pages { drop(page) }
    }

    /// How many of the pages only dormant sequences hold.
    func dormant(among pages: some Sequence<Int>) -> Int { pages.reduce(0) { $0 + (workers[$1] == 0 ? 1 : 0) } }

    private mutating func drop(_ page: Int) {
        holders[page] -= 1
        guard holders[page] == 0 else { return }
        dormantCount -= 1
        free.append(page)
    }
}
