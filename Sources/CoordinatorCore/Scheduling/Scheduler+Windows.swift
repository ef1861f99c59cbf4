package import Placement
import Wire

/// Layers with a window give back what no later row sees, so that a sequence that has gone far cannot be cut, or forked, far back.
///
/// Who begins like one that has gone on computes its prompt from its beginning, once: where the two part, a fork is left that goes on no
/// further. A beginning that two had in common is likely to be asked for again: the system prompt of many conversations.
extension Scheduler {
    /// What stages keep of layers with a window.
    package struct Windows: Sendable, Hashable {
        /// The smallest window of a layer.
        package var smallest: Int
        /// Positions behind a window that are kept besides.
        package var slack = CacheRoom.slack
        /// Sequences besides those at work that there is room for; nil is what the pages have.
        package var resting: Int?

        package init(smallest: Int, slack: Int = CacheRoom.slack, resting: Int? = nil) {
            self.smallest = smallest
            self.slack = slack
            self.resting = resting
        }

        /// - Parameter windows: of all layers, ascending; nil where there are none.
        package init?(_ windows: [Int], room: CacheRoom) {
            guard let smallest = windows.first else { return nil }
            self.init(smallest: smallest, slack: room.slack)
            let isSmaller = windows.contains { room.positions(window: $0) < room.positions }
            resting = isSmaller ? room.resting : nil
        }

        /// Whether stages still have what a row at a position sees, of a sequence that once had `reach` positions.
        package func canGoOn(at position: Int, reach: Int) -> Bool {
            reach - slack <= max(smallest, position + 1)
        }
    }

    /// Whether stages can cut a sequence to a position, fork it there, or compute it again from there.
    func canGoOn(_ sequence: ScheduledSequence, at position: Int) -> Bool {
        limits.windows?.canGoOn(at: position, reach: max(sequence.reach, position)) ?? true
    }

    /// How many rows a sequence may go on by before others begin with its cache, which by then has to be just there.
    func rowsToFork(of id: UInt32) -> Int {
        guard limits.windows != nil, let sequence = sequences[id] else { return .max }
        var end = sequence.branch ?? .max
        for other in live {
            if case .joining(id, let positions) = sequences[other]!.phase, positions > sequence.position {
                end = min(end, positions)
            }
        }
        return end - sequence.position
    }

    /// Leaves forks where sequences have come to a beginning that they had in common with another.
    mutating func leaveForks() {
        for id in live {
            guard let branch = sequences[id]?.branch, sequences[id]!.phase == .open, sequences[id]!.position >= branch
            else { continue }
            sequences[id]!.branch = nil
            if sequences[id]!.position == branch, sequences[id]!.trimsInFlight == 0 { leaveFork(of: id) }
        }
    }

    private mutating func leaveFork(of id: UInt32) {
        let source = sequences[id]!
        let (whole, rest) = source.position.quotientAndRemainder(dividingBy: limits.positionsPerPage)
        // The page that is not whole becomes two when the sequence goes on.
        let own = rest == 0 ? 0 : 1
        guard evict(until: own) else { return }
        while live.count + dormant.count >= limits.openSequences {
            guard !dormant.isEmpty else { return }
            evictOldest()
        }
        let number = nextNumber()
        var fork = ScheduledSequence(
            client: source.client, results: .last, chunk: source.chunk, tokens: Array(source.tokens[..<source.position])
        )
        fork.phase = .dormant
        fork.isBranch = true
        fork.position = source.position
        fork.reach = source.reach
        let shared = source.pages.prefix(whole)
        pool.share(shared)
        fork.pages = shared + pool.take(own)
        pool.rest(fork.pages)
        sequences[number] = fork
        dormant.append(number)
        commands.append(.fork(sequence: number, from: id, positions: UInt32(source.position)))
    }
}
