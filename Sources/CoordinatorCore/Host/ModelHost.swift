package import ClusterStore
import Dispatch
import GGUF
package import Placement
import Synchronization
package import Transport
import Wire

/// Holds the model that is served now, if any, and changes it for another one.
///
/// A `Coordinator` serves one model for its whole life; a change ends one and begins the next. Safe from any thread.
package final class ModelHost: Sendable {
    package typealias Progress = @Sendable (StartupProgress) -> Void
    /// Opens a model's file, checks it, and makes a coordinator that has not started, for a placement as it is wished. May block.
    package typealias Preparation =
        @Sendable (
            _ path: String, _ wishes: PlacementWishes, _ progress: @escaping Progress
        ) throws -> Coordinator

    /// What clients are told while there is no model.
    package static let noModel = "no model is placed; place one with: shoal place MODEL.gguf"

    /// Where it is recorded what happens; coordinators that it prepares share it.
    package let history: ClusterHistory
    let transport: TCPTransport
    let dataFolder: String?
    /// Removes what this machine keeps packed of the model of a path, and tells how many bytes that took.
    let removePacked: @Sendable (_ path: String) -> Int
    private let drainLimit: Duration
    private let prepare: Preparation
    private let state: Mutex<State>

    private struct State {
        /// Those that a model is placed on, without the coordinator's own.
        var devices: [DeviceDeclaration]
        var present: Coordinator?
        var absence = Readiness.unavailable(ModelHost.noModel)
        var isChanging = false
        var isStopped = false
    }

    /// - Parameters:
    ///   - present: a coordinator that is served from the start.
    ///   - devices: those that a model will be placed on, to tell of them while there is none.
    ///   - dataFolder: where the ids of shards are remembered; `nil` is nowhere.
    ///   - history: that of the coordinators that `prepare` makes.
    ///   - drainLimit: how long answers may go on when their model is taken away.
    package init(
        present: Coordinator? = nil, devices: [DeviceDeclaration] = [], transport: TCPTransport,
        dataFolder: String? = nil, history: ClusterHistory = ClusterHistory(), drainLimit: Duration = .seconds(30),
        removePacked: @escaping @Sendable (_ path: String) -> Int = { _ in 0 }, prepare: @escaping Preparation
    ) {
        state = Mutex(State(devices: devices, present: present))
        self.transport = transport
        self.dataFolder = dataFolder
        self.history = history
        self.removePacked = removePacked
        self.drainLimit = drainLimit
        self.prepare = prepare
    }

    /// The model's coordinator, ready or not; `nil` while no model is placed.
    package var present: Coordinator? { state.withLock { $0.present } }

    package var readiness: Readiness {
        let (present, absence) = state.withLock { ($0.present, $0.absence) }
        return present?.readiness ?? absence
    }

    /// Places a model in place of the one that is served: answers of that one have `drainLimit` to end. One that cannot be opened, or
    /// has no place on the devices that are there, leaves all as it is; when placing fails later, the one of before is placed again.
    /// One that is served already is placed anew only where something else is wished of it now.
    ///
    /// - Throws: `CoordinatorError`: busy while another change is made, model for a file that cannot be served, placement where it does
    ///   not fit, or what `Coordinator.start` throws.
    /// - Returns: the model's coordinator, which answers.
    @discardableResult
    package func place(
        path: String, wishes: PlacementWishes = PlacementWishes(), progress: @escaping Progress
    ) async throws(CoordinatorError) -> Coordinator {
        try begin()
        defer { state.withLock { $0.isChanging = false } }
        let next = try await prepared(path, wishes, progress: progress)
        let before = present
        if let before, before.readiness == .ready, before.serves(next.shards.model),
            wishes.isEmpty || wishes == before.configuration.wishes
        {
            return before
        }
        // What can be refused is refused while the model of before still answers.
        if let before {
            try await next.rehearse(replacing: before)
            tellOfAnswers(before, next.progress)
        }
        await retire(reason: "the model is replaced by \(next.model.id)")
        do throws(CoordinatorError) {
            try await serve(next)
            return next
        } catch {
            let reason = "\(next.model.id) could not be placed: \(error.message)"
            history.note(HistoryEvent(.notPlaced, model: next.model.id, reason: error.message))
            state.withLock { $0.absence = .unavailable(reason) }
            guard let before else { throw error }
            var error = error
            error.message = "\(reason); \(await restore(before))"
            throw error
        }
    }

    /// What `place` would place, which is not done; the model that is served goes on.
    ///
    /// - Throws: `CoordinatorError`: model for a file that cannot be served, worker where a device that is required does not answer.
    /// - Returns: the model's id, and its plan or why there is none.
    package func plan(
        path: String, wishes: PlacementWishes = PlacementWishes()
    ) async throws(CoordinatorError) -> (model: String, plan: Result<PlacementPlan, PlacementError>) {
        let next = try await prepared(path, wishes, progress: { _ in })
        return (next.model.id, try await next.plan(replacing: present))
    }

    /// Says what is waited for before a model is taken away.
    private func tellOfAnswers(_ before: Coordinator, _ progress: Progress) {
        let (running, waiting) = before.engine.counts
        let count = running + waiting
        guard count > 0 else { return }
        progress(
            .note(
                "\(before.model.id) has \(count) answer\(count == 1 ? "" : "s") under way, which may take \(Int(drainLimit / .seconds(1))) s more; then it is replaced"
            ))
    }

    /// Opens a model's file, checks it, and makes its coordinator.
    private func prepared(
        _ path: String, _ wishes: PlacementWishes, progress: @escaping Progress
    ) async throws(CoordinatorError) -> Coordinator {
        let prepared = await DispatchQueue.global().result { [prepare] in
            Result { try prepare(path, wishes, progress) }
        }
        do {
            let coordinator = try prepared.get()
            if let present { coordinator.leaveEmpty(asDoes: present) }
            for device in state.withLock({ $0.devices }) { coordinator.add(device: device) }
            return coordinator
        } catch let error as CoordinatorError {
            throw error
        } catch {
            throw CoordinatorError(.model, "\(error)")
        }
    }

    /// Has a model placed and served.
    private func serve(_ next: Coordinator, requiresAll: Bool = true) async throws(CoordinatorError) {
        let isStopped = state.withLock { state in
            if !state.isStopped { state.present = next }
            return state.isStopped
        }
        guard !isStopped else { throw CoordinatorError(.unavailable, "the coordinator is shutting down") }
        do throws(CoordinatorError) {
            try await next.start(requiresAll: requiresAll)
            next.shards.remember()
        } catch {
            state.withLock { $0.present = nil }
            throw error
        }
    }

    /// Places the model of before again, whose shards are still in the stores, on the devices that are there.
    ///
    /// - Returns: what came of it, for people.
    private func restore(_ before: Coordinator) async -> String {
        do throws(CoordinatorError) {
            try await serve(
                prepared(before.shards.model.path, before.configuration.wishes, progress: before.progress),
                requiresAll: false)
            return "\(before.model.id) is placed again"
        } catch {
            state.withLock { state in
                guard !state.isStopped, case .unavailable(let reason) = state.absence else { return }
                state.absence = .unavailable(
                    "\(reason); nor could \(before.model.id) be placed again: \(error.message)")
            }
            return "nor could \(before.model.id) be placed again: \(error.message)"
        }
    }

    /// Takes a device in: the model that is served, and those that will be, may be placed on it.
    package func add(device: DeviceDeclaration) {
        let present = state.withLock { state in
            // One that was named stays as it was named.
            if device.isPassing, state.devices.contains(where: { $0.address == device.address }) {
                return state.present
            }
            state.devices.removeAll { $0.name == device.name || $0.isAnotherName(of: device) }
            state.devices.append(device)
            return state.present
        }
        present?.add(device: device)
    }

    /// A device that was added, and need not be there, is announced at an address no more: it is forgotten, unless it is linked.
    package func withdraw(address: String) {
        let present = state.withLock { state in
            state.devices.removeAll { $0.isPassing && $0.address == address }
            return state.present
        }
        present?.withdraw(address: address)
    }

    /// A device has another name from now on.
    package func rename(device old: String, to device: DeviceDeclaration) {
        let present = state.withLock { state in
            if let index = state.devices.firstIndex(where: { $0.name == old }) { state.devices[index] = device }
            return state.present
        }
        present?.rename(device: old, to: device)
    }

    /// Shuts a device out at once.
    package func remove(device: String) {
        let present = state.withLock { state in
            state.devices.removeAll { $0.name == device }
            return state.present
        }
        guard let present else {
            // Without a model there is no link over which the others would be told; on each that opens they are.
            Task { _ = await ask { await $0.report() } }
            return
        }
        present.remove(device: device)
    }

    /// Takes the model away; its answers have `drainLimit` to end.
    ///
    /// - Throws: `CoordinatorError`: busy while another change is made, unavailable when there is no model.
    /// - Returns: the id of the model that was served.
    @discardableResult
    package func unload() async throws(CoordinatorError) -> String {
        try begin()
        defer { state.withLock { $0.isChanging = false } }
        guard let present else { throw CoordinatorError(.unavailable, Self.noModel) }
        await retire(reason: "the model was unloaded")
        await present.forget()
        history.note(HistoryEvent(.unloaded, model: present.model.id))
        return present.model.id
    }

    /// Takes no more requests, gives running answers some time, then ends it all.
    package func drain(limit: Duration) async {
        let present = state.withLock { state in
            state.isStopped = true
            state.absence = .unavailable("the coordinator is shutting down")
            return state.present
        }
        await present?.drain(limit: limit)
        history.note(HistoryEvent(.stopped))
    }

    /// The cluster as it stands: of the placed model, else the devices alone.
    package func report() async -> ClusterReport {
        if let present { return await present.report() }
        let answers = Self.named(await ask { try? await $0.introduced().get() }) { $0.introduction }
        return ClusterReport(
            devices: answers.map { device, answer in
                var situation = DeviceMark.Situation()
                situation.report = device.isInProcess ? nil : answer?.report
                return DeviceStatus(
                    name: device.name, address: device.address, connected: answer != nil, report: answer?.report,
                    marks: DeviceMark.marks(of: device.name, situation))
            }, stages: [], work: [], links: MeasuredLinks(), speed: PipeReport(), unused: [], epoch: 0,
            runningSequences: 0,
            waitingSequences: 0, scheduler: nil, queueLimit: 0)
    }

    /// The models that are or were placed from here, and which devices hold their shards.
    package func models() async -> [KnownModel] {
        let known = KnownModel.all(present: present, dataFolder: dataFolder)
        let ids = Array(Set(known.flatMap(\.ids))).sorted()
        let holdings = ids.isEmpty ? [] : await holdings(of: ids)
        return known.map { model in
            var model = model
            model.devices = holdings.filter { !$0.device.isInProcess }.map { device, holdings in
                KnownModel.Device(name: device.name, of: model.ids, holdings: holdings)
            }
            return model
        }
    }

    /// What the devices hold of some shards, each under its own name.
    private func holdings(of ids: [ShardID]) async -> [(device: DeviceDeclaration, answer: [ShardHolding]?)] {
        let answers = await ask { inspection in
            // Those of a model that is placed have their names.
            let isNamed = inspection.device.isInProcess || inspection.device.name != inspection.device.address
            return (
                holdings: await inspection.holdings(of: ids),
                introduction: isNamed ? nil : try? await inspection.introduced().get().introduction
            )
        }
        return Self.named(answers) { $0.introduction }.map { ($0.device, $0.answer?.holdings) }
    }

    /// The devices under their own names, each once.
    static func named<Answer>(
        _ answers: [(device: DeviceDeclaration, answer: Answer?)],
        introduction: (Answer) -> DeviceRoster.Introduction?
    ) -> [(device: DeviceDeclaration, answer: Answer?)] {
        var roster = DeviceRoster()
        var named: [(device: DeviceDeclaration, answer: Answer?)] = []
        for (device, answer) in answers {
            guard let answer, let introduction = introduction(answer), !device.isInProcess else {
                named.append((device, answer))
                continue
            }
            guard case .used(let name, _) = roster.meet(device, introduction, others: named.map(\.device)) else {
                continue
            }
            var device = device
            device.name = name
            named.append((device, answer))
        }
        return named
    }

    func begin() throws(CoordinatorError) {
        let isMine = state.withLock { state in
            defer { state.isChanging = true }
            return !state.isChanging
        }
        guard isMine else {
            throw CoordinatorError(.busy, "another model is being placed or unloaded; try again when that is done")
        }
    }

    /// The change that was begun is over.
    func endChange() { state.withLock { $0.isChanging = false } }

    func retire(reason: String) async {
        guard let present else { return }
        await present.drain(limit: drainLimit, reason: reason, freesDevices: true)
        state.withLock { state in
            state.present = nil
            if !state.isStopped { state.absence = .unavailable(Self.noModel) }
        }
    }

    /// Asks all devices at a time; answers in their order.
    func ask<Answer: Sendable>(
        _ question: @escaping @Sendable (DeviceInspection) async -> Answer?
    ) async -> [(device: DeviceDeclaration, answer: Answer?)] {
        let devices = present?.devices ?? state.withLock { $0.devices }
        let answers = await withTaskGroup(of: (Int, Answer?).self) { [transport] group in
            for (index, device) in devices.enumerated() {
                group.addTask { (index, await question(DeviceInspection(transport: transport, device: device))) }
            }
            return await group.reduce(into: [Int: Answer?]()) { $0[$1.0] = $1.1 }
        }
        return devices.enumerated().map { ($1, answers[$0] ?? nil) }
    }
}

extension Coordinator {
    /// Devices that were drained stay empty under another model too.
    fileprivate func leaveEmpty(asDoes before: Coordinator) {
        let drained = before.state.withLock { $0.drained }
        state.withLock { $0.drained = drained }
    }

    /// Whether it serves the same file, as it is now.
    fileprivate func serves(_ file: GGUFFile) -> Bool {
        shards.model.path == file.path && file.identity != nil && shards.model.identity == file.identity
    }
}
