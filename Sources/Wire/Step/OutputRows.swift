/// Which of an entry's rows have results that are wanted after the last layer.
package enum OutputRows: UInt8, Sendable, Hashable, CaseIterable {
    /// None: the rows only fill the KV cache.
    case none = 0
    /// The last row.
    case last = 1
    /// Every row.
    case all = 2

    /// How many of `count` rows are wanted.
    package func wanted(of count: Int) -> Int {
        switch self {
        case .none: 0
        case .last: min(count, 1)
        case .all: count
        }
    }
}
