package import NIOCore

/// Which connections there are, and who must go when there are too many: whoever has waited longest without a request to be answered.
///
/// A value that is told the time. So idle connections, however many, keep nobody out; connections that are being answered are never
/// closed for others.
package struct ConnectionTable: Sendable {
    private struct Entry {
        var address: ClientAddress
        /// Since when it has no whole request; `nil` while it is answered.
        var waitingSince: NIODeadline?
    }

    private let limits: ConnectionLimits
    private var entries: [Int: Entry] = [:]
    private var counts: [ClientAddress: Int] = [:]

    package init(limits: ConnectionLimits) { self.limits = limits }

    /// A connection has come.
    ///
    /// - Returns: whether it may stay, and which one must go for it.
    package mutating func arrive(_ id: Int, from address: ClientAddress, now: NIODeadline) -> (
        stays: Bool, closing: Int?
    ) {
        let remote = entries.count - counts[.loopback, default: 0]
        var closing: Int?
        if address != .loopback, counts[address, default: 0] >= limits.perAddress {
            closing = longestWaiting { $0 == address }
            guard closing != nil else { return (false, nil) }
        } else if address != .loopback, remote >= limits.total - limits.reservedForLoopback {
            closing = longestWaiting { $0 != .loopback }
            guard closing != nil else { return (false, nil) }
        } else if entries.count >= limits.total {
            closing = longestWaiting { _ in true }
            guard closing != nil else { return (false, nil) }
        }
        if let closing { leave(closing) }
        entries[id] = Entry(address: address, waitingSince: now)
        counts[address, default: 0] += 1
        return (true, closing)
    }

    /// A connection has a whole request now, or has none any more.
    package mutating func note(_ id: Int, isAnswering: Bool, now: NIODeadline) {
        guard let entry = entries[id], (entry.waitingSince == nil) != isAnswering else { return }
        entries[id]!.waitingSince = isAnswering ? nil : now
    }

    /// A connection is closed, or will be.
    package mutating func leave(_ id: Int) {
        guard let entry = entries.removeValue(forKey: id) else { return }
        counts[entry.address]! -= 1
        if counts[entry.address] == 0 { counts[entry.address] = nil }
    }

    /// Looks at all: only needed for a connection more than may be.
    private func longestWaiting(where isCandidate: (ClientAddress) -> Bool) -> Int? {
        var longest: (since: NIODeadline, id: Int)?
        for (id, entry) in entries {
            guard let since = entry.waitingSince, isCandidate(entry.address) else { continue }
            if longest.map({ (since, id) < $0 }) ?? true { longest = (since, id) }
        }
        return longest?.id
    }
}
