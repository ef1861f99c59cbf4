/// Decides which device holds which part of a model.
///
/// Of all choices of devices, their orders and contiguous ranges of layers it takes one that the request's objective cannot better
/// (`CostModel` says how long things take), and of equals the one with devices in the given order and memory used most evenly. Layers
/// stay off the coordinator unless it is the only device, is pinned to some or is allowed to. A pinned device holds exactly its pinned layers where
/// that fits, else neighbouring layers too. Embedding and head sit on the coordinator's own device unless they are pinned elsewhere
/// or it has no memory for them. No device exceeds its budget. The result depends on the request alone.
/// A device whose numbers none can have is left out, and the plan says so.
/// - Throws: `PlacementError` when the request contradicts itself, asks for energy where power is not known, names more than `mostDevices`, or does not fit.
package func place(_ request: PlacementRequest) throws(PlacementError) -> PlacementPlan {
    let count = request.devices.count { !$0.isCoordinator }
    guard count <= PlacementRequest.mostDevices else {
        throw .invalidSize(
            "there are \(count) devices, and at most \(PlacementRequest.mostDevices) are planned for; name fewer")
    }
    let checked = try CheckedRequest(request)
    try checked.checkPower()
    if let (problem, solution) = checked.solve() { return try problem.plan(solution) }
    throw checked.refusal()
}

extension CheckedRequest {
    /// Devices for the embedding and the head, with why they are not where they are by default.
    struct Ends {
        let embedding: Int
        let head: Int
        let note: String?
    }

    /// The best placement with the embedding and the head where they should be, else where they can be.
    func solve() -> (PlacementProblem, Solution)? {
        for ends in endGroups() where mayHelp(ends) {
            for extendsPins in blocks.isEmpty ? [false] : [false, true] {
                var best: (problem: PlacementProblem, solution: Solution)?
                for end in ends {
                    let problem = problem(end, extendsPins: extendsPins)
                    guard let solution = problem.solve() else { continue }
                    if best.map({ solution.value(request) < $0.solution.value(request) }) ?? true {
                        best = (problem, solution)
                    }
                }
                if let best { return best }
            }
        }
        return nil
    }

    /// Whether any placement fits.
    func fits() -> Bool {
        endGroups().contains { ends in
            mayHelp(ends)
                && ends.contains { end in
                    (blocks.isEmpty ? [false] : [true]).contains { problem(end, extendsPins: $0).fits }
                }
        }
    }

    /// Whether other places for the ends may make room: of the coordinator's own device only embedding and head themselves, and
    /// layers if it may hold any, can do so.
    private func mayHelp(_ ends: [Ends]) -> Bool {
        guard ends[0].note != nil, let standard = standardProblem, let coordinator else { return true }
        return standard.overloadedEnd != nil || standard.candidates.contains(coordinator)
    }

    /// The problem with the ends where they are by default, for what refusals say.
    var standardProblem: PlacementProblem? {
        endGroups().first?.first.map { problem($0, extendsPins: true) }
    }

    /// The devices other than the coordinator's own that may take the embedding or the head. Of many not all are tried, but the two with
    /// the fastest memory that have room for both, and the two with the most.
    private var endCandidates: [Int] {
        let others = usable.filter { $0 != coordinator }
        guard others.count > Self.mostEndCandidates else { return others }
        let model = request.model
        let needed = model.scratchBytes + model.endBytes(embedding: true, head: true)
        func reads(_ index: Int) -> Double { CostModel.speed(request.devices[index]).readBytesPerSecond }
        let fastest = others.filter { request.devices[$0].memoryBytes >= needed }.sorted {
            (reads($0), $1) > (reads($1), $0)
        }
        let largest = others.sorted {
            (request.devices[$0].memoryBytes, $1) > (request.devices[$1].memoryBytes, $0)
        }
        return Set(fastest.prefix(2) + largest.prefix(2)).sorted()
    }

    /// Up to so many devices are all tried.
    private static let mostEndCandidates = 16

    private func problem(_ ends: Ends, extendsPins: Bool) -> PlacementProblem {
        PlacementProblem(self, embedding: ends.embedding, head: ends.head, extendsPins: extendsPins, note: ends.note)
    }

    /// Where the embedding and the head may go, in groups from what is wished to what memory may force: the pinned devices or the
    /// coordinator's own; then the head elsewhere, the embedding elsewhere, both. Among a group the objective decides.
    private func endGroups() -> [[Ends]] {
        let own = coordinator
        var groups: [[Ends]] = []
        if let embedding = embeddingPin ?? own, let head = headPin ?? own {
            groups.append([Ends(embedding: embedding, head: head, note: nil)])
        }
        let others = endCandidates
        let reason =
            own == nil
            ? "the coordinator's own device is excluded" : "the coordinator's own device has too little memory for it"
        func note(_ what: String, _ device: Int) -> String {
            "the \(what) is on \(request.devices[device].name): \(reason)"
        }
        if headPin == nil, let embedding = embeddingPin ?? own {
            groups.append(others.map { Ends(embedding: embedding, head: $0, note: note("head", $0)) })
        }
        if embeddingPin == nil, let head = headPin ?? own {
            groups.append(others.map { Ends(embedding: $0, head: head, note: note("embedding", $0)) })
        }
        if embeddingPin == nil, headPin == nil {
            groups.append(others.map { Ends(embedding: $0, head: $0, note: note("embedding with the head", $0)) })
            groups.append(
                others.flatMap { embedding in
                    others.filter { $0 != embedding }.map {
                        Ends(
                            embedding: embedding, head: $0,
                            note: "\(note("embedding", embedding)), and \(note("head", $0))")
                    }
                })
        }
        return groups.filter { !$0.isEmpty }
    }
}
