import Tensors

/// What a sequence keeps of a layer, and how long. A new kind (recurrent state) is a case here, and the compiler names every operation
/// that has to know it: what is there (`firstPage`), where a sequence can be cut (`canGoOn`: fork, trim, replay, taking over), what
/// is given back after a step, and, in `CacheLayout`, what it is laid out in.
package enum StateKind: Sendable, Hashable {
    /// Keys and values of all positions.
    case pages
    /// Keys and values of the last positions: a row sees so many, its own among them.
    case window(Int)

    /// Positions behind a window that are kept besides, so that a sequence can be cut a little: a trim, a fork, a replay.
    package static let slack = 128

    /// The first page that is kept of a sequence that once had so many positions.
    package func firstPage(reach: Int) -> Int {
        switch self {
        case .pages: 0
        case .window(let window): max(0, reach - window - Self.slack) / KeyValueLayout.positions
        }
    }

    /// Whether a row at a position finds what it sees in a sequence that once had `reach` positions.
    package func canGoOn(at position: Int, reach: Int) -> Bool {
        switch self {
        case .pages: true
        case .window(let window):
            firstPage(reach: reach) * KeyValueLayout.positions <= max(0, position + 1 - window)
        }
    }

    /// Pages that a sequence of so many positions has at most, while a step computes so many rows of it.
    package func mostPages(positions: Int, rows: Int) -> Int {
        let all = KeyValueLayout.pages(positions: positions)
        switch self {
        case .pages: return all
        case .window(let window):
            let (kept, overflow) = window.addingReportingOverflow(Self.slack + rows)
            return overflow ? all : min(all, KeyValueLayout.pages(positions: kept) + 1)
        }
    }
}
