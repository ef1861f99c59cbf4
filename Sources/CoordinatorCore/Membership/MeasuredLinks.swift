/// How fast devices reach each other, as far as it was measured: an input of the planner. A pure value.
///
/// A link is taken to be equally fast both ways; measured is one of them.
package struct MeasuredLinks: Sendable, Hashable {
    /// The link between two devices.
    package struct Entry: Sendable, Hashable {
        /// The device that measured.
        package var from: String
        package var to: String
        /// From a small message to its answer.
        package var roundTripSeconds: Double
        /// Of large messages, one way.
        package var bytesPerSecond: Double

        package init(from: String, to: String, roundTripSeconds: Double, bytesPerSecond: Double) {
            self.from = from
            self.to = to
            self.roundTripSeconds = roundTripSeconds
            self.bytesPerSecond = bytesPerSecond
        }
    }

    /// In the order in which they were added.
    package private(set) var entries: [Entry] = []

    package init(_ entries: [Entry] = []) {
        for entry in entries { add(entry) }
    }

    /// The link between two devices, whichever measured it.
    package subscript(one: String, other: String) -> Entry? {
        entries.first { ($0.from, $0.to) == (one, other) } ?? entries.first { ($0.from, $0.to) == (other, one) }
    }

    /// Adds a link, in place of one that was known between the two.
    package mutating func add(_ entry: Entry) {
        entries.removeAll { [[entry.from, entry.to], [entry.to, entry.from]].contains([$0.from, $0.to]) }
        entries.append(entry)
    }
}
