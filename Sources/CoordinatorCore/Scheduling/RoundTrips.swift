/// What steps of generating rows took from sending to result, waiting included: no step of fewer rows takes longer through an empty pipe.
struct RoundTrips: Sendable {
    private struct Recent: Sendable {
        var seconds: [Double]
        var lastSeen: Int
    }

    /// Observations of one number of rows that are kept; their median counts.
    private static let kept = 5
    /// Observations after which what was not seen again says nothing of today.
    private static let lifetime = 4096

    private var byRows: [Int: Recent] = [:]
    private var observations = 0

    mutating func add(_ rows: Int, seconds: Double) {
        observations += 1
        var recent = byRows[rows] ?? Recent(seconds: [], lastSeen: 0)
        if recent.seconds.count == Self.kept { recent.seconds.removeFirst() }
        recent.seconds.append(seconds)
        recent.lastSeen = observations
        byRows[rows] = recent
    }

    /// The least that so many rows or more took; infinity where that is not known.
    func least(_ rows: Int) -> Double {
        var least = Double.infinity
        for (count, recent) in byRows where count >= rows && recent.lastSeen > observations - Self.lifetime {
            least = min(least, recent.seconds.sorted()[recent.seconds.count / 2])
        }
        return least
    }
}
