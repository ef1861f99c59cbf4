import Placement
import Synchronization
import Wire

/// Placing layers anew while answers go on: for a device that joined, that is to be emptied, or that became slow.
extension Coordinator {
    /// Places the layers as well as they can be on the devices that are there now; answers pause for a moment and go on.
    ///
    /// - Throws: `CoordinatorError`: unavailable while no placement stands, placement where nothing fits, or worker.
    package func rebalance() async throws(CoordinatorError) -> MoveOutcome { try await ask(.rebalance) }

    /// Moves all that a device holds to others, and leaves it empty until `refill`.
    ///
    /// - Throws: as `rebalance`; invalidRequest for a device that is not there.
    package func drain(device: String) async throws(CoordinatorError) -> MoveOutcome { try await ask(.drain(device)) }

    /// Lets a device hold something again that was emptied.
    ///
    /// - Throws: as `drain(device:)`.
    package func refill(device: String) async throws(CoordinatorError) -> MoveOutcome { try await ask(.refill(device)) }

    private func ask(_ wish: MoveRequest.Wish) async throws(CoordinatorError) -> MoveOutcome {
        // Before the first placement nobody takes events yet.
        if case .starting(let what) = readiness {
            throw CoordinatorError(.unavailable, "the model is being made ready: \(what)")
        }
        let result: Result<MoveOutcome, CoordinatorError> = await withCheckedContinuation { done in
            let request = MoveRequest(wish: wish) { done.resume(returning: $0) }
            if case .terminated = events.continuation.yield(.move(request)) {
                request.reply(.failure(Self.stopping))
            }
        }
        return try result.get()
    }

    func move(_ request: MoveRequest) async -> Result<MoveOutcome, CoordinatorError> {
        do throws(CoordinatorError) {
            switch request.wish {
            case .rebalance: return .success(try await moveToBest())
            case .drain(let text):
                let device = try known(text)
                let isNew = state.withLock { $0.drained.insert(device).inserted }
                do throws(CoordinatorError) {
                    let outcome = try await moveAway(from: device)
                    note(HistoryEvent(.drained, device: device, model: model.id))
                    return .success(outcome)
                } catch {
                    if isNew { _ = state.withLock { $0.drained.remove(device) } }
                    throw error
                }
            case .refill(let text):
                let device = try known(text)
                _ = state.withLock { $0.drained.remove(device) }
                note(HistoryEvent(.refilled, device: device, model: model.id))
                return .success(try await moveToBest(because: "\(device) may hold layers again"))
            }
        } catch {
            return .failure(error)
        }
    }

    /// The device that is meant by a name or an address.
    private func known(_ text: String) throws(CoordinatorError) -> String {
        let device = state.withLock { $0.roster.name(of: text) }
        let known = devices.filter { !$0.isInProcess }.map(\.name)
        guard known.contains(device) else {
            throw CoordinatorError(
                .invalidRequest,
                "no device is named \"\(device)\"; there are \(known.isEmpty ? "none" : known.joined(separator: ", "))")
        }
        return device
    }

    /// Goes over to the best placement, where that is worth it.
    ///
    /// - Parameters:
    ///   - gain: what it must be expected to gain at least, as a share of the present tokens per second; `nil` is anything.
    ///   - reason: why it is looked for one.
    func moveToBest(
        gain least: Double? = nil, because reason: String = "the layers are to be placed anew"
    ) async throws(CoordinatorError) -> MoveOutcome {
        let (reports, request, present) = try await situation()
        let best: PlacementPlan
        do {
            best = try place(request)
        } catch {
            throw CoordinatorError(.placement, error.description)
        }
        // The same prices for both: what was predicted before may be of other profiles.
        let now = (try? Replacement(request, current: present).plan { _, _ in false }) ?? best
        let gain = best.prediction.gain(over: now.prediction, for: request.preferences.objective)
        let outcome = MoveOutcome(
            hasMoved: false, movedLayers: movedLayers(to: best, from: present), gain: gain, plan: best)
        let isWorthIt =
            least.map { gain > $0 } ?? true || !request.pins.allSatisfy { $0.isObeyed(by: present) }
        guard outcome.movedLayers > 0, isWorthIt else { return outcome }
        return try await realized(outcome, reports: reports, because: reason)
    }

    private func moveAway(from device: String) async throws(CoordinatorError) -> MoveOutcome {
        let (reports, request, present) = try await situation()
        let plan: PlacementPlan
        do {
            plan = try Replacement(request, current: present).plan { _, _ in false }
        } catch {
            throw CoordinatorError(
                .placement, "without \(device) the model has no place: \(error.description)")
        }
        let outcome = MoveOutcome(
            hasMoved: false, movedLayers: movedLayers(to: plan, from: present), gain: 0, plan: plan)
        guard present.contains(where: { $0.device == device }) else { return outcome }
        return try await realized(outcome, reports: reports, because: "\(device) is drained")
    }

    private func situation() async throws(CoordinatorError) -> (
        [String: DeviceReport], PlacementRequest, [Replacement.PlacedRange]
    ) {
        guard readiness == .ready else {
            throw CoordinatorError(.unavailable, "no placement stands at the moment: ask again when one does")
        }
        let reports = await describeAll()
        let (plan, links) = state.withLock { ($0.plan, $0.links) }
        let present = (plan?.stages ?? []).map(Replacement.PlacedRange.init)
        var request = request(reports, links: links)
        // Those that the model cannot do without are there though they are suspect.
        request.leaveOut(suspects.subtracting(present.map(\.device)))
        return (reports, request, present)
    }

    private func movedLayers(to plan: PlacementPlan, from present: [Replacement.PlacedRange]) -> Int {
        plan.stages.reduce(0) { sum, stage in
            sum
                + stage.layers.count { layer in
                    !present.contains { $0.device == stage.device && $0.layers.contains(layer) }
                }
        }
    }

    private func realized(
        _ outcome: MoveOutcome, reports: [String: DeviceReport], because reason: String
    ) async throws(CoordinatorError) -> MoveOutcome {
        progress(.placed(outcome.plan))
        do throws(CoordinatorError) {
            try await realize(outcome.plan, reports: reports, because: reason)
        } catch {
            // Stages may be half moved: what there is, is put together again.
            placementBroken(error.message)
            engine.suspend()
            throw error
        }
        await refreshStandby()
        var outcome = outcome
        outcome.hasMoved = true
        return outcome
    }
}

extension PlanPrediction {
    /// What this plan gives more than another, as a share, in what the objective is about.
    fileprivate func gain(over other: PlanPrediction, for objective: PlacementObjective) -> Double {
        switch objective {
        case .latency: other.stepSeconds / stepSeconds - 1
        case .throughput: other.largestSeconds / largestSeconds - 1
        case .balanced: tokensPerSecondOfStreams / other.tokensPerSecondOfStreams - 1
        case .energy: (other.joulesPerToken ?? 0) / (joulesPerToken ?? .infinity) - 1
        }
    }
}
