import Placement
import Synchronization
import Wire

extension Coordinator {
    /// The cluster as it stands, asked of every connected device.
    package func report() async -> ClusterReport {
        let (clients, plan, epoch, links) = state.withLock { ($0.clients, $0.plan, $0.epoch, $0.links) }
        let reports = await withTaskGroup(of: (String, DeviceReport?).self) { group in
            for (name, client) in clients {
                group.addTask { (name, try? await client.describe()) }
            }
            return await group.reduce(into: [String: DeviceReport]()) { $0[$1.0] = $1.1 }
        }
        let scheduler = await engine.report()
        let speed = engine.speed
        return ClusterReport(
            devices: devices.map {
                DeviceStatus(
                    name: $0.name, address: $0.address, connected: reports[$0.name] != nil, report: reports[$0.name],
                    trouble: trouble(with: $0.name), marks: marks(of: $0, reports[$0.name]))
            },
            stages: plan?.stages ?? [],
            work: (plan?.stages ?? []).enumerated().map { index, stage in
                reports[stage.device]?.stages.first {
                    $0.session == session && $0.epoch == epoch && Int($0.stage) == index
                }?.work
            }, links: links, speed: speed, energy: energy(plan, reports, speed), unused: plan?.unused ?? [],
            epoch: epoch,
            runningSequences: scheduler.running, waitingSequences: scheduler.waiting.count, scheduler: scheduler,
            queueLimit: configuration.queue)
    }

    /// What is special about a device. One that is away has no marks but those that were set by hand.
    private func marks(of device: DeviceDeclaration, _ report: DeviceReport?) -> [DeviceMark] {
        let name = device.name
        var situation = DeviceMark.Situation()
        situation.report = device.isInProcess ? nil : report
        situation.leftOut = report == nil || !suspects.contains(name) ? nil : trouble(with: name)
        state.withLock { state in
            situation.isDrained = state.drained.contains(name)
            let now = ContinuousClock.now
            if let (times, until) = state.slowed[name], until > now { situation.slowed = (times, until - now) }
            if report != nil { situation.unused = state.plan?.unused.first { $0.device == name }?.reason }
        }
        return DeviceMark.marks(of: name, situation)
    }

    private func energy(_ plan: PlacementPlan?, _ reports: [String: DeviceReport], _ speed: PipeReport) -> EnergyReport?
    {
        EnergyReport(
            devices: Set(plan?.stages.map(\.device) ?? []).map { name in
                (reports[name]?.sensors, configuration.planning.watts[name] ?? declaration(of: name)?.power)
            }, tokens: speed.recentTokens, seconds: Double(PipeMeasurement.window))
    }
}
