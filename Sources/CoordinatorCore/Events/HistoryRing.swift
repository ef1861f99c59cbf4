/// The latest events of a cluster, numbered. A pure value, which is told the time.
package struct HistoryRing: Sendable {
    /// So many are kept, where nothing else is said.
    package static let standardCapacity = 1000

    package let capacity: Int
    /// The oldest first.
    package private(set) var events: [HistoryEvent]
    /// The number of the latest event, 0 before there is one.
    package private(set) var last: UInt64

    /// - Parameters:
    ///   - capacity: events that are kept at most; at least 1.
    ///   - kept: what was recorded before, in any order; of those of one number the first counts.
    package init(capacity: Int = standardCapacity, kept: [HistoryEvent] = []) {
        self.capacity = max(1, capacity)
        var seen: Set<UInt64> = []
        // A number that leaves no room for others is none that was given here.
        let ordered = kept.filter { $0.number > 0 && $0.number < .max >> 1 && seen.insert($0.number).inserted }
            .sorted { $0.number < $1.number }
        events = Array(ordered.suffix(self.capacity))
        last = events.last?.number ?? 0
    }

    /// Adds an event, which gets the next number; the oldest goes where there are too many.
    ///
    /// - Parameter time: seconds since 1970.
    /// - Returns: the event as it is recorded.
    @discardableResult
    package mutating func add(_ event: HistoryEvent, at time: Double) -> HistoryEvent {
        var event = event
        last += 1
        event.number = last
        event.time = time
        if events.count == capacity { events.removeFirst() }
        events.append(event)
        return event
    }

    /// The first of the events that came after one.
    ///
    /// - Parameters:
    ///   - number: of that one; 0 is all.
    ///   - most: so many at most.
    package func events(after number: UInt64, most: Int = .max) -> [HistoryEvent] {
        guard let first = events.first?.number, number < last else { return [] }
        let skipped = number < first ? 0 : Int(number - first) + 1
        // Numbers have gaps where what was kept had some.
        var start = min(skipped, events.count)
        while start > 0, events[start - 1].number > number { start -= 1 }
        return Array(events[start...].prefix(max(0, most)))
    }
}
