/// Hours of the day in which a device computes with few threads: `22:00-07:00`, or `22:00-07:00=2` for two.
package struct QuietHours: Sendable, Hashable {
    /// Minutes since midnight: from the first on, before the last. The last may be on the next day.
    package let from: Int
    package let to: Int
    /// Threads that may compute meanwhile.
    package let threads: Int

    /// Reads the text; `nil` where it is no such, both times are the same, or there are no threads.
    package init?(parsing text: String) {
        let parts = text.split(separator: "=", omittingEmptySubsequences: false)
        let times = parts[0].split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count <= 2, times.count == 2, let from = Self.minutes(times[0]), let to = Self.minutes(times[1]),
            from != to
        else { return nil }
        self.from = from
        self.to = to
        guard parts.count == 2 else {
            threads = 1
            return
        }
        guard parts[1].utf8.allSatisfy({ (48...57).contains($0) }), let threads = Int(parts[1]),
            (1...1024).contains(threads)
        else { return nil }
        self.threads = threads
    }

    /// Whether a minute of the day is one of them.
    package func contains(minute: Int) -> Bool {
        from < to ? (from..<to).contains(minute) : minute >= from || minute < to
    }

    /// `07:05`; `24:00` is the day's end.
    private static func minutes(_ text: Substring) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].utf8.count == 2, (1...2).contains(parts[0].utf8.count),
            parts.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }), let hour = Int(parts[0]),
            let minute = Int(parts[1]), (0...59).contains(minute), (0...23).contains(hour) || (hour, minute) == (24, 0)
        else { return nil }
        return (hour * 60 + minute) % (24 * 60)
    }
}
