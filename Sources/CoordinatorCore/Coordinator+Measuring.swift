import Synchronization
import Wire

/// Profiles of devices and links: what is kept, or measured before a placement or on request; never while answers are computed.
extension Coordinator {
    /// Fills in what is to be known before a placement: profiles into the reports, links into the coordinator's table.
    ///
    /// What cannot be measured stays unknown, and the planner does without.
    func measured(_ reports: [String: DeviceReport]) async -> [String: DeviceReport] {
        // A single device has nothing to choose.
        guard configuration.measuring != .nothing, reports.count > 1 else {
            await measureLinks(of: Set(reports.keys), .nothing)
            return reports
        }
        let isFirst = state.withLock { $0.epoch == 0 }
        let again = isFirst && configuration.measuring == .all || engine.speed.partsFromPrediction
        let began = ContinuousClock.now
        let profiles = await measureDevices(
            reports.filter { again || $0.value.profile == nil }.map(\.key), again: again)
        let links = await measureLinks(of: Set(reports.keys), again ? .all : .missing)
        noteMeasured(Array(profiles.keys), links: links, since: began)
        var reports = reports
        for (device, profile) in profiles { reports[device]?.profile = profile }
        return reports
    }

    /// Measures all connected devices and their links anew. The next placement is made of that.
    ///
    /// - Throws: `CoordinatorError`: unavailable while answers are computed, or while it is done already; worker where a device could
    ///   not be measured.
    package func measureAgain() async throws(CoordinatorError) {
        let isIdle = engine.counts == (0, 0)
        let mayBegin = state.withLock { state in
            guard case .ready = state.readiness, !state.isMeasuring, isIdle else { return false }
            state.isMeasuring = true
            return true
        }
        guard mayBegin else {
            throw CoordinatorError(
                .unavailable, "devices are measured while nobody computes: ask again when no answer is under way")
        }
        defer { state.withLock { $0.isMeasuring = false } }
        let devices = state.withLock { $0.clients.filter { $1.isConnected }.map(\.key) }
        let began = ContinuousClock.now
        let profiles = await measureDevices(devices, again: true)
        noteMeasured(Array(profiles.keys), links: await measureLinks(of: Set(devices), .all), since: began)
        if let missing = devices.sorted().first(where: { profiles[$0] == nil }) {
            throw CoordinatorError(
                .worker, "\(missing) was not measured, since it computed for somebody or was lost: ask again")
        }
    }

    /// Devices at a time: each is busy with itself.
    private func measureDevices(_ devices: [String], again: Bool) async -> [String: DeviceProfile] {
        await withTaskGroup(of: (String, DeviceProfile?).self) { group in
            for device in devices {
                progress(.measuring(device: device))
                group.addTask { [self] in (device, try? await client(of: device).measureDevice(again: again)) }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    /// Makes the table of links between devices of what is kept, and of measurements.
    ///
    /// - Returns: how many were measured.
    @discardableResult
    func measureLinks(of devices: Set<String>, _ measuring: Measuring) async -> Int {
        var count = 0
        let present = self.devices.filter { devices.contains($0.name) }
        let ends = present.map { LinkEnd(device: $0.name, address: $0.address) }
        var known = measuring == .all ? [:] : configuration.linkFile?.load() ?? [:]
        let rounds = LinkPairs.rounds(devices: ends.count).map { round in
            round.filter { known[[ends[$0.from], ends[$0.to]]] == nil }
        }.filter { !$0.isEmpty }
        if measuring != .nothing, !rounds.isEmpty {
            progress(.measuringLinks(rounds.reduce(0) { $0 + $1.count }))
            var measured: [Set<LinkEnd>: LinkProfile] = [:]
            for round in rounds {
                for (pair, profile) in await measure(round, among: present) {
                    measured[[ends[pair.from], ends[pair.to]]] = profile
                }
            }
            configuration.linkFile?.store(measured)
            count = measured.count
            known.merge(measured) { $1 }
        }
        var table = MeasuredLinks()
        for (from, to) in LinkPairs.rounds(devices: ends.count).joined() {
            guard let profile = known[[ends[from], ends[to]]] else { continue }
            table.add(
                .init(
                    from: ends[from].device, to: ends[to].device,
                    roundTripSeconds: Double(profile.roundTripNanoseconds) / 1e9,
                    bytesPerSecond: Double(profile.bytesPerSecond)))
        }
        state.withLock { [table] in $0.links = table }
        return count
    }

    private func noteMeasured(_ devices: [String], links: Int, since began: ContinuousClock.Instant) {
        guard !devices.isEmpty || links > 0 else { return }
        let what = devices.sorted() + (links > 0 ? ["\(links) link\(links == 1 ? "" : "s")"] : [])
        var event = HistoryEvent(.measured, model: model.id, reason: what.joined(separator: ", "))
        event.seconds = (ContinuousClock.now - began) / .seconds(1)
        note(event)
    }

    /// Measures pairs at a time, which have no device in common.
    private func measure(
        _ pairs: [(from: Int, to: Int)], among devices: [DeviceDeclaration]
    ) async -> [((from: Int, to: Int), LinkProfile)] {
        await withTaskGroup(of: (Int, Int, LinkProfile?).self) { group in
            for (from, to) in pairs {
                group.addTask { [self] in (from, to, try? await measure(devices[from], to: devices[to])) }
            }
            var measured: [((from: Int, to: Int), LinkProfile)] = []
            for await (from, to, profile) in group {
                if let profile { measured.append(((from, to), profile)) }
            }
            return measured
        }
    }

    /// The link of this process's own device to another is the coordinator's.
    private func measure(
        _ one: DeviceDeclaration, to other: DeviceDeclaration
    ) async throws(CoordinatorError) -> LinkProfile {
        if one.isInProcess { return try await client(of: other.name).measureLink() }
        if other.isInProcess { return try await client(of: one.name).measureLink() }
        return try await client(of: one.name).measureLink(to: other.address, of: identity(of: other.name))
    }
}
