import NIOCore
import Placement
import Synchronization
import Transport
import Wire

/// What may happen to a cluster that serves, one thing after the other.
enum ClusterEvent: Sendable {
    /// The placement no longer stands.
    case broken
    /// A moment has passed: devices may be back, or be better used.
    case tick
    /// The layers are to be placed anew.
    case move(MoveRequest)
}

/// Keeping a placement standing: it ends with the coordinator.
extension Coordinator {
    static let stopping = CoordinatorError(.unavailable, "the coordinator is stopping")
    private static let tick = Duration.milliseconds(500)
    /// How long a placement is not tried again after it failed, at first and at last.
    private static let firstPause = Duration.milliseconds(50)
    private static let longestPause = Duration.seconds(1)
    /// How long a device that another one could not reach is left out.
    static let suspicion = Duration.seconds(30)

    /// Takes events until the coordinator stops.
    func supervise() {
        let ticking = Task { [events, weak self] in
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.tick)
                // One at a time is enough.
                guard let self else { return }
                let isFirst = state.withLock { state in
                    defer { state.hasTick = true }
                    return !state.hasTick
                }
                if isFirst { events.continuation.yield(.tick) }
            }
        }
        // Not cancelled: it ends with the stream, after what is still in it.
        Task { [events, weak self] in
            for await event in events.stream {
                guard let self, !state.withLock({ $0.stopped }) else {
                    // Whoever wished something is still told.
                    if case .move(let request) = event { request.reply(.failure(Self.stopping)) }
                    continue
                }
                await take(event)
            }
        }
        state.withLock { $0.ticking = ticking }
        watchSteps()
        events.continuation.yield(.tick)
    }

    private func take(_ event: ClusterEvent) async {
        switch event {
        case .broken: await recover()
        case .tick:
            state.withLock { $0.hasTick = false }
            guard readiness == .ready else { return await recover() }
            _ = suspects
            reconnectAside()
            let lacksStandby = state.withLock { state in
                defer { state.lacksStandby = false }
                return state.lacksStandby
            }
            if lacksStandby { await refreshStandby() }
            await followChanges()
        case .move(let request): request.reply(await move(request))
        }
    }

    /// The placement no longer stands: answers wait until one does again.
    func placementBroken(_ reason: String) {
        let wasReady = state.withLock { state in
            guard case .ready = state.readiness, !state.stopped else { return false }
            state.readiness = .recovering(reason)
            state.suspendedSince = .now
            return true
        }
        guard wasReady else { return }
        engine.suspend()
        note(HistoryEvent(.suspended, model: model.id, reason: reason))
        progress(.lost(reason))
        events.continuation.yield(.broken)
    }

    /// Tries to make a placement stand until it does.
    private func recover() async {
        guard case .recovering(let reason) = readiness else { return }
        var told = reason
        var pause = Self.firstPause
        // A placement that takes its time, as where gigabytes are sent, ends no answer that was there before; who comes meanwhile is told.
        let expiring = Task { [self] in
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.tick)
                if case .recovering(let reason) = readiness { expire(sparesEarlier: true, reason) }
            }
        }
        defer { expiring.cancel() }
        let pace = state.withLock { [tokens = engine.generatedTokens] in $0.pace.next(tokens: tokens, at: .now) }
        if pace > .zero { try? await Task.sleep(for: pace) }
        _ = await reconnect(timeout: Self.reconnectTimeout)
        while !Task.isCancelled, !state.withLock({ $0.stopped }) {
            let connected = Set(connectedDevices)
            do throws(CoordinatorError) {
                try await replace()
                await refreshStandby()
                return
            } catch {
                // What its file no longer has comes back by no trying.
                if error.code == .model { return giveUp(error) }
                if error.message != told {
                    progress(.waiting(error.message))
                    note(HistoryEvent(.notPlaced, model: model.id, reason: error.message))
                }
                told = error.message
                state.withLock { state in
                    if case .recovering = state.readiness { state.readiness = .recovering(error.message) }
                }
                expire(sparesEarlier: false, error.message)
            }
            // Another device was lost meanwhile: those who are left may do.
            if Set(connectedDevices).isStrictSubset(of: connected) { continue }
            try? await Task.sleep(for: pause)
            pause = await reconnect(timeout: .seconds(1)) ? Self.firstPause : min(pause * 2, Self.longestPause)
        }
    }

    /// Ends all answers: the model cannot be placed any more.
    private func giveUp(_ error: CoordinatorError) {
        state.withLock { if !$0.stopped { $0.readiness = .unavailable(error.message) } }
        progress(.lost(error.message))
        note(HistoryEvent(.notPlaced, model: model.id, reason: error.message))
        engine.halt(CoordinatorError(.unavailable, error.message))
    }

    /// Gives up those who have waited too long for a placement.
    private func expire(sparesEarlier: Bool, _ reason: String) {
        engine.expire(
            waitingLongerThan: configuration.patience, sparesEarlier: sparesEarlier,
            CoordinatorError(.unavailable, "no placement stands: \(reason)"))
    }

    /// Places the model on the devices that are there, with as little change as can be.
    func replace() async throws(CoordinatorError) {
        let reports = await describeAll()
        let (plan, links) = state.withLock { ($0.plan, $0.links) }
        let current = (plan?.stages ?? []).map(Replacement.PlacedRange.init)
        let whole = request(reports, links: links)
        // Better a device that somebody could not reach than none.
        var best: PlacementPlan?
        for suspects in choicesToLeaveOut where best == nil && !suspects.isEmpty {
            var request = whole
            request.leaveOut(suspects)
            best = try? await self.plan(request, current: current)
        }
        let found: PlacementPlan
        if let best { found = best } else { found = try await self.plan(whole, current: current) }
        progress(.placed(found))
        do throws(CoordinatorError) {
            try await realize(found, reports: reports)
        } catch {
            learn(from: error, of: found)
            throw error
        }
    }

    /// What a placement that failed says of the next one.
    func learn(from error: CoordinatorError, of plan: PlacementPlan) {
        guard let device = error.device else { return }
        let suspect: String? =
            switch error.failure {
            case .storeFull, .outOfMemory: device
            case .nextUnreachable:
                // Not the one that says so.
                plan.stages.firstIndex { $0.device == device }.flatMap { index in
                    plan.stages[(index + 1)...].first { $0.device != device && !isInProcess($0.device) }?.device
                }
            default: nil
            }
        // Nor is it believed again and again.
        if error.failure == .nextUnreachable { nextUnreachable(from: device, error.message) }
        state.withLock { state in
            if error.failure == .outOfMemory { state.beginsEmpty = true }
            if let suspect { state.suspects[suspect] = max(state.suspects[suspect] ?? .now, .now + Self.suspicion) }
        }
    }

    private func plan(
        _ request: PlacementRequest, current: [Replacement.PlacedRange]
    ) async throws(CoordinatorError) -> PlacementPlan {
        let replacement = Replacement(request, current: current)
        let stored = await stored(replacement.lostParts)
        do throws(PlacementError) {
            return try replacement.plan { device, part in stored[device]?.contains(part) ?? false }
        } catch {
            throw CoordinatorError(.placement, error.description)
        }
    }

    /// For each device, of which parts it has all shards.
    private func stored(_ parts: [Replacement.PlacedRange]) async -> [String: Set<Replacement.PlacedRange>] {
        guard !parts.isEmpty else { return [:] }
        var stored: [String: Set<Replacement.PlacedRange>] = [:]
        var needed: [Replacement.PlacedRange: [ShardID]] = [:]
        for part in parts {
            let modelParts = self.parts(of: part)
            needed[part] = modelParts.compactMap { shards.known[$0] }
            // What was placed has its shards identified.
            if needed[part]!.count < modelParts.count { needed[part] = nil }
        }
        let ids = Array(Set(needed.values.joined())).sorted()
        for device in devices where device.isInProcess { stored[device.name] = Set(parts) }
        for (device, answer) in await inquire(connectedDevices, about: { _ in ids }) {
            guard let held = try? answer.get() else { continue }
            stored[device] = Set(
                needed.filter { $0.value.allSatisfy { held[$0]?.complete == true } }.map(\.key))
        }
        return stored
    }
}
