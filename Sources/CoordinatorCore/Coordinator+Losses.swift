import Placement
import Synchronization
import Wire

/// Devices that are lost, that do no work, or that lose what they had: what is made of it.
extension Coordinator {
    /// A link that lasts for less is none to dial again at once.
    private static let shortLink = Duration.seconds(3)

    /// A device is lost; where it had a stage, answers wait until a placement stands again.
    ///
    /// - Parameter isIdle: whether it answered, and did no work.
    func deviceLost(_ device: String, _ reason: String, isIdle: Bool = false) {
        let now = ContinuousClock.now
        noteLoss(of: device, reason, linked: state.withLock { $0.connectedSince[device] }, at: now)
        let (isPlaced, isOver) = state.withLock { state in
            let since = state.connectedSince.removeValue(forKey: device)
            if since.map({ now - $0 >= Self.shortLink }) ?? true { state.retries[device] = nil }
            state.lossReasons[device] = reason
            let isPlaced = state.plan?.stages.contains { $0.device == device } ?? false
            if isPlaced { state.breakPlacement(.lost(device, reason)) }
            // While it was getting a stage, it is a loss of the placement that is made; of the one that stands where it is one of that.
            let isComing = state.coming.contains(device) && !(isPlaced && state.readiness == .ready)
            if isPlaced || isComing || isIdle {
                state.suspect(
                    device, isIdle: isIdle, placement: isComing ? state.placements : state.planNumber, at: now)
            }
            return (isPlaced, state.stopped)
        }
        // Links that end with the coordinator are no news.
        if isPlaced { placementBroken(reason) } else if !isOver { progress(.note(reason)) }
    }

    /// What a device says that it has lost.
    enum LostPart: Sendable {
        case stage, weights
        /// To the device of the next stage.
        case link
    }

    /// A device says that a stage of the placement does not stand, whether answers go on already or it is being made. It counts as a loss: who
    /// says so again and again gets nothing. Where it is about the link to another one that is still there, either may be the reason, and both
    /// count as lost.
    func placementLost(_ part: LostPart, epoch: UInt32, stage: UInt32, _ message: String) {
        let reason = state.withLock { state -> String? in
            guard state.epoch == epoch, let stages = state.plan?.stages, Int(stage) < stages.count else { return nil }
            let device = stages[Int(stage)].device
            let reason =
                switch part {
                case .stage: "\(device) has lost its stage: \(message)"
                case .weights: "\(device): \(message)"
                case .link: "\(device) lost its link to the next device: \(message)"
                }
            state.breakPlacement(.lost(device, reason))
            let next = stages.dropFirst(Int(stage)).first { $0.device != device }?.device
            // One whose own link has ended has told why.
            let isNextGone = next.map { state.clients[$0]?.isConnected != true } ?? false
            let suspects =
                switch part {
                case .stage, .weights: [device]
                case .link: isNextGone ? [] : [device] + (next.map { [$0] } ?? [])
                }
            for suspect in suspects where state.devices.contains(where: { $0.name == suspect && !$0.isInProcess }) {
                state.lossReasons[suspect] = reason
                state.suspect(suspect, isIdle: false, placement: state.planNumber, at: .now)
            }
            return reason
        }
        if let reason { placementBroken(reason) }
    }

    /// A device says that it cannot reach the next one, to which its stage of the placement is to send.
    func nextUnreachable(from device: String, _ reason: String) {
        state.withLock { state in
            state.lossReasons[device] = reason
            state.suspect(device, isIdle: false, placement: state.planNumber, at: .now)
        }
    }

    /// Devices that are left out of placements for a while. One whose time is over may be of use again.
    var suspects: Set<String> {
        state.withLock { state in
            let now = ContinuousClock.now
            let left = state.suspects.filter { $0.value > now }
            if left.count < state.suspects.count { state.hasNewDevices = true }
            state.suspects = left
            return Set(left.keys)
        }
    }

    /// Which devices placements are looked for without, one after the other.
    var choicesToLeaveOut: [Set<String>] {
        _ = suspects
        return Suspicion.choices(state.withLock { $0.suspects })
    }

    /// Leaves a device out of the first placement because of which that failed.
    ///
    /// - Returns: whether it is done without now: not where it has to be there, does what it is asked, and was not left out already.
    func leaveOut(for error: CoordinatorError) -> Bool {
        guard let device = error.device, let declaration = declaration(of: device), !declaration.isInProcess else {
            return false
        }
        return state.withLock { state in
            let isIdle = state.suspects[device] != nil
            guard isIdle || error.isFault || !declaration.isRequired && error.failure == nil else { return false }
            guard state.leftOut.insert(device).inserted else { return false }
            state.suspects[device] = max(state.suspects[device] ?? .now, .now + Self.suspicion)
            return true
        }
    }

    /// Why a device was lost, where that still matters.
    func trouble(with device: String) -> String? {
        state.withLock { state in
            let isAway = state.clients[device]?.isConnected != true
            let lastTry = isAway ? state.lastTries[device] : nil
            guard var reason = state.lossReasons[device] else { return lastTry }
            if let lastTry, lastTry != reason { reason += "; it is tried again, and the last time: \(lastTry)" }
            guard let until = state.suspects[device], until > .now else { return isAway ? reason : nil }
            return "\(reason); it gets no layers for \((until - .now).components.seconds + 1) s"
        }
    }

    func isConnected(_ device: String) -> Bool { state.withLock { $0.clients[device]?.isConnected == true } }

    /// Looks now and then whether the steps on their way make headway, until the coordinator stops.
    func watchSteps() {
        let interval = configuration.headway.look
        let watching = Task { [weak self] in
            var watch = HeadwayWatch()
            while !Task.isCancelled {
                try? await Task.sleep(for: interval)
                guard let self else { return }
                guard let waiting = engine.onTheWay, let plan = state.withLock({ $0.plan }) else {
                    watch = HeadwayWatch()
                    continue
                }
                let limit = configuration.headway.step(of: plan, waiting)
                guard watch.look(at: waiting.oldest, every: interval, limit: limit) else { continue }
                await standstill(waiting, of: plan, after: watch.waited)
                watch = HeadwayWatch()
            }
        }
        state.withLock { $0.watching = watching }
    }

    /// Steps make no headway: the device that keeps them is taken for lost, so that others get its layers.
    private func standstill(_ waiting: StepsOnTheWay, of plan: PlacementPlan, after time: Duration) async {
        let reports = await describeAll()
        guard engine.onTheWay?.oldest == waiting.oldest else { return }
        let stages = plan.stages.enumerated().map { index, stage in
            Standstill.Stage(
                device: stage.device, isOwn: isInProcess(stage.device),
                steps: reports[stage.device]?.stages.first {
                    $0.session == session && $0.epoch == waiting.epoch && Int($0.stage) == index
                }?.work.steps, refused: waiting.refused[UInt32(index)] ?? 0)
        }
        let rows = "\(waiting.rows) row\(waiting.rows == 1 ? "" : "s")"
        let what = "a step of \(rows) was not answered for \(time.components.seconds) s"
        guard let device = Standstill.culprit(sent: waiting.sent, stages: stages), let client = try? client(of: device)
        else { return progress(.note("\(what), and no other device is the reason")) }
        client.giveUp("it computes nothing: \(what)")
    }
}

extension Coordinator.State {
    /// Leaves a device out for as long as its losses deserve.
    fileprivate mutating func suspect(
        _ device: String, isIdle: Bool, placement: UInt32, at now: ContinuousClock.Instant
    ) {
        var pause = losses.lost(device, isIdle: isIdle, placement: placement, at: now)
        guard pause > .zero else { return }
        // The first placement is not made again with one that others were lost in vain for.
        if case .starting = readiness { pause = max(pause, Coordinator.suspicion) }
        suspects[device] = max(suspects[device] ?? now, now + pause)
    }

    /// Something of the placement is lost; the first loss is the reason.
    fileprivate mutating func breakPlacement(_ error: CoordinatorError) {
        if broken?.epoch != epoch { broken = (epoch, error) }
    }
}

extension HeadwayLimits {
    /// The longest that a step of a placement may take. Before steps were seen, rows take no longer together than one after the other,
    /// and that says little.
    fileprivate func step(of plan: PlacementPlan, _ waiting: StepsOnTheWay) -> Duration {
        let expected = waiting.latencySeconds ?? 0.2 * Double(waiting.rows) * plan.prediction.stepSeconds
        return step(expected: expected, stageBytes: plan.stages.map(\.weightBytes).max() ?? 0)
    }
}
