/// Which devices a placement does without, of those that are left out until some time. A pure decision.
package enum Suspicion {
    /// Placements that are looked for at most, of many suspects.
    private static let most = 8

    /// First without all of them; where that fits nowhere, those come back that are left out for the shortest time; at last all.
    package static func choices(_ suspects: [String: ContinuousClock.Instant]) -> [Set<String>] {
        let worstFirst = suspects.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
        let step = max(1, (worstFirst.count + most - 1) / most)
        return stride(from: worstFirst.count, to: 0, by: -step).map { Set(worstFirst.prefix($0)) } + [[]]
    }
}
