package import CoordinatorCore

/// The answer of `GET /api/events`: what happened, the oldest first.
package struct EventsBody: Codable, Sendable, Equatable {
    package var events: [HistoryEvent]
    /// The number of the latest event that there is; ask for what comes `after` it.
    package var last: UInt64

    package init(events: [HistoryEvent], last: UInt64) {
        self.events = events
        self.last = last
    }
}
