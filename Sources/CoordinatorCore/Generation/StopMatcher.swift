/// Finds stop texts in an answer as it grows, holding back what may become one.
package struct StopMatcher: Sendable {
    private let stops: [[UInt8]]
    /// Text that is not out yet: the longest end that begins a stop text.
    private var held: [UInt8] = []

    /// Empty stop texts are ignored.
    package init(_ stops: [String]) { self.stops = stops.map { Array($0.utf8) }.filter { !$0.isEmpty } }

    /// Adds text.
    ///
    /// - Returns: what may go out, and whether a stop text was met: it and all after it are dropped.
    package mutating func append(_ text: String) -> (text: String, stopped: Bool) {
        guard !stops.isEmpty else { return (text, false) }
        held += text.utf8
        if let start = firstMatch() {
            let out = String(decoding: held[..<start], as: UTF8.self)
            held = []
            return (out, true)
        }
        let keep = stops.map { longestOverlap(with: $0) }.max() ?? 0
        let out = String(decoding: held.dropLast(keep), as: UTF8.self)
        held = Array(held.suffix(keep))
        return (out, false)
    }

    /// What was held back, at the answer's end.
    package mutating func finish() -> String {
        defer { held = [] }
        return String(decoding: held, as: UTF8.self)
    }

    /// Where the stop text that was complete first begins, the longest of those complete with the same byte: the same
    /// however the text was cut.
    private func firstMatch() -> Int? {
        var first: (end: Int, start: Int)?
        for stop in stops {
            guard let start = held.indices.first(where: { held[$0...].starts(with: stop) }) else { continue }
            let match = (end: start + stop.count, start: start)
            if first.map({ match < $0 }) ?? true { first = match }
        }
        return first?.start
    }

    /// How many bytes at the end of `held` begin `stop`, short of all of it.
    private func longestOverlap(with stop: [UInt8]) -> Int {
        let most = min(held.count, stop.count - 1)
        return stride(from: most, to: 0, by: -1).first { held.suffix($0).elementsEqual(stop.prefix($0)) } ?? 0
    }
}
