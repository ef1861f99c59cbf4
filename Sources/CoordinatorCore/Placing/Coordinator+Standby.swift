import ModelParts
import Placement
import Synchronization
import Wire

/// What is kept ready for the loss of a device, and going over to better placements unasked.
extension Coordinator {
    /// Sees to it, besides all else, that what is to be kept ready is; then frees what is left of earlier placements.
    func refreshStandby() async {
        await endStandby()
        let task = Task { await arrangeStandby() }
        state.withLock { $0.standby = task }
    }

    /// Gives up what is being made ready: two that bring shards to a device at a time would be in each other's way.
    func endStandby() async {
        let task = state.withLock { state in
            defer { state.standby = nil }
            return state.standby
        }
        task?.cancel()
        await task?.value
    }

    /// A part of the model that a device holds besides its stage, in case that another one is lost.
    private struct StandbyStage: Sendable {
        var part: Replacement.PlacedRange
        /// The stage whose place it would take.
        var original: Int
        /// Bytes of its experts that memory would have no room for.
        var expertBytesOnDisk = 0
    }

    private func arrangeStandby() async {
        await prepareStandby()
        if !Task.isCancelled { await unloadEarlier() }
    }

    private func prepareStandby() async {
        let (plan, epoch) = state.withLock { ($0.plan, $0.epoch) }
        guard let plan, readiness == .ready else { return }
        let reports = configuration.standby == .nothing ? [:] : await describeAll()
        let stages = configuration.standby == .nothing ? [] : standbyStages(for: plan, reports: reports)
        // Also where nothing is kept ready: who took caches over has them now.
        guard readiness == .ready, !Task.isCancelled, await admit(stages, of: plan) else { return }
        guard !stages.isEmpty, !Task.isCancelled else { return }
        let ids: [ModelPart: ShardID]
        do throws(CoordinatorError) {
            ids = try await distribute(plan, besides: stages.map(\.part))
        } catch {
            return progress(.note("nothing is kept ready for the loss of a device: \(error.message)"))
        }
        for (index, stage) in stages.enumerated() where !Task.isCancelled {
            do throws(CoordinatorError) {
                try await load(
                    stage, index: plan.stages.count + index, epoch: epoch, of: plan, ids: ids, reports: reports)
            } catch {
                let lost = plan.stages[stage.original].device
                progress(.note("\(stage.part.device) is not kept ready for the loss of \(lost): \(error.message)"))
            }
        }
    }

    /// Lets devices follow the caches of those whose places they would take, and nobody else read any.
    ///
    /// - Returns: whether that stands.
    private func admit(_ stages: [StandbyStage], of plan: PlacementPlan) async -> Bool {
        var admissions = PeerAdmissions(stages: plan.stages.map(\.device))
        if configuration.standby == .layersAndCaches {
            for stage in stages {
                admissions.lend(cachesOf: plan.stages[stage.original].device, to: stage.part.device)
            }
        }
        do throws(CoordinatorError) {
            try await admit(admissions, for: plan)
            return true
        } catch {
            return false
        }
    }

    /// Who would hold what if any one device were lost.
    private func standbyStages(for plan: PlacementPlan, reports: [String: DeviceReport]) -> [StandbyStage] {
        let current = plan.stages.map(Replacement.PlacedRange.init)
        var request = request(reports, links: state.withLock { $0.links })
        request.leaveOut(suspects.subtracting(current.map(\.device)))
        var standby: [StandbyStage] = []
        for (index, original) in current.enumerated() where !isInProcess(original.device) {
            var without = request
            without.preferences.excluded.append(original.device)
            guard let next = try? Replacement(without, current: current).plan(isStored: { _, _ in false }) else {
                continue
            }
            for stage in next.stages where !isInProcess(stage.device) {
                let layers = stage.layers.clamped(to: original.layers)
                guard !layers.isEmpty || original.layers.isEmpty && stage.layers.isEmpty else { continue }
                guard stage.device != original.device else { continue }
                let part = Replacement.PlacedRange(
                    device: stage.device, embedding: original.embedding && stage.embedding, layers: layers,
                    head: original.head && stage.head)
                guard part.embedding || part.head || !layers.isEmpty else { continue }
                let experts = facts.sizes.layers[layers].reduce(0) { $0 + $1.expertBytes }
                standby.append(
                    StandbyStage(
                        part: part, original: index, expertBytesOnDisk: min(stage.expertBytesOnDisk, experts)))
            }
        }
        return standby
    }

    private func load(
        _ stage: StandbyStage, index: Int, epoch: UInt32, of plan: PlacementPlan, ids: [ModelPart: ShardID],
        reports: [String: DeviceReport]
    ) async throws(CoordinatorError) {
        var request = loadRequest(stage.part, epoch: epoch, stage: index, of: plan, ids: ids)
        request.standby = true
        request.expertBytesOnDisk = UInt64(stage.expertBytesOnDisk)
        // What it kept ready before need not be loaded anew.
        request.caches = (reports[stage.part.device]?.stages ?? []).filter {
            $0.session == session && $0.epoch < epoch && $0.range == stage.part.range
        }.map { CacheSource(epoch: $0.epoch, stage: $0.stage) }
        if configuration.standby == .layersAndCaches, let original = declaration(of: plan.stages[stage.original].device)
        {
            request.caches.append(
                CacheSource(
                    epoch: epoch, stage: UInt32(stage.original), address: original.address,
                    identity: identity(of: original.name)))
        }
        _ = try await load(request, on: stage.part.device, of: plan, ids: ids)
    }

    /// Looks whether a device has become slow, as one that is too hot does.
    private func lookForThrottling() async {
        let (isDue, plan, epoch) = state.withLock { state in
            let isDue = state.nextLook <= .now && (state.plan?.stages.count ?? 0) > 1
            if isDue { state.nextLook = .now + ThrottleWatch.interval }
            return (isDue, state.plan, state.epoch)
        }
        guard isDue, let plan, engine.counts.running > 0 else { return }
        var work: [String: StageWork] = [:]
        let reports = await describeAll()
        follow(reports.compactMapValues { $0.sensors.flatMap { DeviceRelief($0) } })
        for (device, report) in reports {
            // The stage with most layers stands for its device.
            let stages = report.stages.filter {
                $0.session == session && $0.epoch == epoch && Int($0.stage) < plan.stages.count
            }
            if let stage = stages.max(by: { $0.range.layers.count < $1.range.layers.count }),
                !stage.range.layers.isEmpty
            {
                work[device] = stage.work
            }
        }
        let slow = state.withLock { state in
            let slow = state.throttling.observe(work, at: .now).filter { state.slowed[$0.key] == nil }
            for (device, times) in slow {
                state.slowed[device] = (times, .now + Self.slowness)
                state.hasNewDevices = true
            }
            return slow
        }
        for (device, times) in slow.sorted(by: { $0.key < $1.key }) {
            let what =
                "takes \((10 * times).rounded() / 10) times as long as it did: too hot, or busy with something else"
            progress(.note("\(device) \(what)"))
            note(HistoryEvent(.slow, device: device, model: model.id, reason: what))
        }
    }

    /// Reckons with devices that are too hot as they ask, as with those that were seen to be slow.
    private func follow(_ asked: [String: DeviceRelief]) {
        let new = state.withLock { state in
            let new = asked.filter { device, relief in relief.times > state.slowed[device]?.times ?? 1 }
            for (device, relief) in asked where relief.times >= state.slowed[device]?.times ?? 1 {
                state.slowed[device] = (relief.times, .now + Self.slowness)
            }
            if !new.isEmpty { state.hasNewDevices = true }
            return new
        }
        for (device, relief) in new.sorted(by: { $0.key < $1.key }) {
            progress(.note("\(device) \(relief.description)"))
            note(HistoryEvent(.slow, device: device, model: model.id, reason: relief.description))
        }
    }

    /// How long a device that became slow is reckoned with as slow.
    private static let slowness = Duration.seconds(600)

    /// Looks for a better placement where devices came, or became slow, and goes over to it where it is worth that.
    func followChanges() async {
        guard let gain = configuration.rebalanceGain else { return }
        let isOver = state.withLock { state in
            let before = state.slowed.count
            state.slowed = state.slowed.filter { $0.value.until > .now }
            return state.slowed.count < before
        }
        if isOver { state.withLock { $0.hasNewDevices = true } }
        await lookForThrottling()
        guard state.withLock({ $0.hasNewDevices }) else { return }
        let reports = await describeAll()
        // One that is new is first measured, by itself.
        let isMeasured = configuration.measuring == .nothing || reports.values.allSatisfy { $0.profile != nil }
        guard isMeasured else { return }
        state.withLock { $0.hasNewDevices = false }
        _ = await measured(reports)
        do throws(CoordinatorError) {
            let outcome = try await moveToBest(gain: gain, because: "devices came, or became slow")
            if outcome.hasMoved {
                progress(
                    .note(
                        "\(outcome.movedLayers) layers moved, for \(Int(saturating: outcome.gain * 100))% more tokens/s"
                    ))
            }
        } catch {
            progress(.note("layers were not moved: \(error.message)"))
        }
    }
}
