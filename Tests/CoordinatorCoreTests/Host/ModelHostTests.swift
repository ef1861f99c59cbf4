import ClusterStore
import CoordinatorCore
import Dispatch
import Foundation
import GGUF
import Placement
import Sampling
import TestSupport
import Testing
import Tokenizer
import Wire

/// Placing, replacing and unloading models on real workers.
@Suite(.timeLimit(.minutes(10)))
struct ModelHostTests {
    /// A cluster and a host that knows two models, `first` and `second`, by these paths; `vast` is one for which no device has the memory,
    /// and a path that begins with / a file.
    private struct Hosted {
        let cluster: LocalCluster
        let host: ModelHost

        init(
            context: Int = 512, contextShift: ContextShift? = nil, drainLimit: Duration = .milliseconds(100)
        ) async throws {
            let cluster = try await LocalCluster.prepare(workers: 1)
            let files = try ["first": UInt64(1), "second": 2].mapValues { seed in
                try TinyModel(seed: seed).file()
            }.map { try GGUFFile(copying: $1, path: "\($0).gguf") }
            var settings = LocalCluster.Settings()
            settings.context = context
            settings.contextShift = contextShift
            self.cluster = cluster
            host = ModelHost(
                transport: LocalWorker.makeTransport(), drainLimit: drainLimit,
                prepare: { [settings] path, wishes, progress in
                    var settings = settings
                    settings.wishes = wishes
                    settings.context = try wishes.context(or: settings.context)
                    settings.pins = try wishes.pins(or: settings.pins)
                    settings.planning = try wishes.preferences(over: settings.planning)
                    if path == "vast" { settings.context = 1 << 27 }
                    let name = path == "vast" ? "second.gguf" : path.hasSuffix(".gguf") ? path : "\(path).gguf"
                    let file = path.hasPrefix("/") ? try GGUFFile.open(path: path) : files.first { $0.path == name }
                    guard let file else { throw CoordinatorError(.model, "\(path): no such file") }
                    return try cluster.makeCoordinator(settings, model: file, progress: progress)
                })
        }

        func answer() async throws -> CollectedAnswer {
            try await #require(host.present).answer(request(most: 10))
        }

        func request(most: Int?) throws -> GenerationRequest {
            let tokenizer = try #require(host.present?.model.tokenizer)
            return GenerationRequest(
                prompt: tokenizer.encode("Hello world"), maximumTokens: most, sampling: .greedy,
                ignoreEndOfGeneration: true)
        }

        func end() async {
            await host.drain(limit: .zero)
            await cluster.stop()
        }
    }

    @Test func `a model is placed, replaced and unloaded`() async throws {
        let hosted = try await Hosted()
        let host = hosted.host
        #expect(host.present == nil)
        #expect(host.readiness == .unavailable(ModelHost.noModel))
        #expect(await host.report().devices.isEmpty)
        try await host.place(path: "first", progress: { _ in })
        #expect(host.readiness == .ready)
        #expect(host.present?.model.id == "first")
        let first = try await hosted.answer()
        #expect(first.tokens.count == 10)
        try await host.place(path: "second", progress: { _ in })
        #expect(host.present?.model.id == "second")
        #expect(try await hosted.answer().says(first) == false)
        #expect(try await host.unload() == "second")
        #expect(host.present == nil)
        #expect(host.readiness == .unavailable(ModelHost.noModel))
        let error = await #expect(throws: CoordinatorError.self) { try await host.unload() }
        #expect(error?.code == .unavailable)
        try await host.place(path: "first", progress: { _ in })
        #expect(try await hosted.answer().says(first))
        await hosted.end()
    }

    @Test func `an unloaded model leaves no stage and keeps its shards`() async throws {
        let hosted = try await Hosted()
        try await hosted.host.place(path: "first", progress: { _ in })
        let before = try #require(await hosted.host.models().first)
        #expect(before.id == "first")
        #expect(before.readiness == .ready)
        // The worker holds the configuration and four layers.
        #expect(before.devices.map(\.shards) == [5])
        try await hosted.host.unload()
        let inspector = ModelHost(
            devices: hosted.cluster.workers.map { DeviceDeclaration(name: $0.name, connection: .tcp($0.endpoint)) },
            transport: LocalWorker.makeTransport(), prepare: { path, _, _ in throw CoordinatorError(.model, path) })
        let device = try #require(await inspector.report().devices.first)
        #expect(device.connected)
        #expect(device.report?.stages == [])
        #expect(device.report?.storeBytes ?? 0 > 100_000)
        await hosted.end()
    }

    @Test func `answers that go on when their model is replaced end with the reason`() async throws {
        let hosted = try await Hosted(context: 1 << 18)
        try await hosted.host.place(path: "first", progress: { _ in })
        let events = try #require(hosted.host.present).generate(hosted.request(most: nil))
        var answer = CollectedAnswer()
        var replacing: Task<Void, any Error>?
        for await event in events {
            answer.add(event)
            if replacing == nil {
                replacing = Task { _ = try await hosted.host.place(path: "second", progress: { _ in }) }
            }
        }
        try await replacing?.value
        #expect(answer.reason == nil)
        #expect(answer.error?.code == .unavailable)
        #expect(answer.error?.message == "the model is replaced by second")
        #expect(hosted.host.present?.model.id == "second")
        await hosted.end()
    }

    @Test func `answers that end in time are whole`() async throws {
        let hosted = try await Hosted(drainLimit: .seconds(600))
        try await hosted.host.place(path: "first", progress: { _ in })
        let expected = try await hosted.answer()
        let events = try #require(hosted.host.present).generate(hosted.request(most: 10))
        async let answer = CollectedAnswer(events)
        try await hosted.host.unload()
        #expect(await answer.says(expected))
        await hosted.end()
    }

    @Test func `a file that cannot be served leaves the present model alone`() async throws {
        let hosted = try await Hosted()
        try await hosted.host.place(path: "first", progress: { _ in })
        let error = await #expect(throws: CoordinatorError.self) {
            try await hosted.host.place(path: "third", progress: { _ in })
        }
        #expect(error?.code == .model)
        #expect(hosted.host.readiness == .ready)
        #expect(hosted.host.present?.model.id == "first")
        await hosted.end()
    }

    @Test func `a plan is what would be placed, and the model that is served goes on`() async throws {
        let hosted = try await Hosted(drainLimit: .seconds(30))
        let none = try await hosted.host.plan(path: "second")
        #expect(none.model == "second")
        #expect(hosted.host.present == nil)
        try await hosted.host.place(path: "first", progress: { _ in })
        let present = hosted.host.present
        let events = try #require(present).generate(hosted.request(most: 10))
        let plan = try await hosted.host.plan(path: "second").plan.get()
        #expect(hosted.host.present === present)
        #expect(await !CollectedAnswer(events).tokens.isEmpty)
        let placed = try await hosted.host.place(path: "second", progress: { _ in })
        let stages = await placed.report().stages.map { "\($0.device) \($0.layers)" }
        #expect(plan.stages.map { "\($0.device) \($0.layers)" } == stages)
        // What is missing is told as such.
        guard case .failure(.doesNotFit(let shortfall)) = try await hosted.host.plan(path: "vast").plan else {
            Issue.record("it fits")
            return
        }
        #expect(shortfall.missingBytes > 0)
        await hosted.end()
    }

    @Test func `what is wished of a placement holds for it, and is undone by nothing else`() async throws {
        let hosted = try await Hosted()
        try await hosted.host.place(path: "first", progress: { _ in })
        #expect(hosted.host.present?.model.context == 512)
        var wishes = PlacementWishes()
        wishes.context = 128
        wishes.pins = ["head=w1"]
        let placed = try await hosted.host.place(path: "first", wishes: wishes, progress: { _ in })
        #expect(placed.model.context == 128)
        #expect(await placed.report().stages.last?.device == "w1")
        _ = try await hosted.answer()
        // Of the next one nothing is wished.
        #expect(try await hosted.host.place(path: "second", progress: { _ in }).model.context == 512)
        await hosted.end()
    }

    private static func wishing(_ change: (inout PlacementWishes) -> Void) -> PlacementWishes {
        var wishes = PlacementWishes()
        change(&wishes)
        return wishes
    }

    private static let senseless: [(String, PlacementWishes)] = [
        ("context is 0", wishing { $0.context = 0 }),
        ("context is 16777217", wishing { $0.context = 1 << 24 + 1 }),
        ("FIRST-LAST=DEVICE", wishing { $0.pins = ["x"] }),
        ("objective is 'speed'", wishing { $0.objective = "speed" }),
        ("codec is 'f8'", wishing { $0.codec = "f8" }),
        ("streams is 0", wishing { $0.streams = 0 }),
        ("max_devices is 0", wishing { $0.maximumDevices = 0 }),
        ("watts of w1", wishing { $0.watts = ["w1": .init(idle: 9, busy: 3)] }),
    ]

    @Test(arguments: senseless)
    func `wishes that make no sense are refused with the bound`(
        message: String, wishes: PlacementWishes
    ) async throws {
        let hosted = try await Hosted()
        do {
            try await hosted.host.place(path: "first", wishes: wishes, progress: { _ in })
            Issue.record("placed")
        } catch {
            #expect(error.code == .invalidRequest)
            #expect(error.message.contains(message))
        }
        #expect(hosted.host.present == nil)
        await hosted.end()
    }

    @Test func `answers that a model's end waits for are told of`() async throws {
        // Without an end of its own.
        let hosted = try await Hosted(contextShift: ContextShift(keep: 0))
        try await hosted.host.place(path: "first", progress: { _ in })
        let events = try #require(hosted.host.present).generate(hosted.request(most: nil))
        let log = ProgressLog()
        try await hosted.host.place(path: "second", progress: { log.add($0) })
        let notes = log.all.compactMap { if case .note(let text) = $0 { text } else { nil } }
        #expect(notes.contains { $0.contains("first has 1 answer under way") }, "\(notes)")
        withExtendedLifetime(events) {}
        await hosted.end()
    }

    @Test func `a model that has no place leaves the present one answering`() async throws {
        let hosted = try await Hosted(drainLimit: .seconds(30))
        try await hosted.host.place(path: "first", progress: { _ in })
        let expected = try await hosted.answer()
        // It is not even asked to end its answers.
        let events = try #require(hosted.host.present).generate(hosted.request(most: 10))
        let error = await #expect(throws: CoordinatorError.self) {
            try await hosted.host.place(path: "vast", progress: { _ in })
        }
        #expect(error?.code == .placement)
        #expect(await CollectedAnswer(events).says(expected))
        #expect(hosted.host.readiness == .ready)
        #expect(hosted.host.present?.model.id == "first")
        await hosted.end()
    }

    @Test func `a model whose devices do not answer leaves the present one`() async throws {
        let hosted = try await Hosted()
        try await hosted.host.place(path: "first", progress: { _ in })
        await hosted.cluster.workers[0].kill()
        let error = await #expect(throws: CoordinatorError.self) {
            try await hosted.host.place(path: "second", progress: { _ in })
        }
        #expect(error?.code == .worker)
        #expect(error?.message.contains("w1") == true)
        #expect(hosted.host.present?.model.id == "first")
        await hosted.end()
    }

    @Test func `a model that is lost while it is placed gives way to the one of before`() async throws {
        let hosted = try await Hosted()
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = folder.path + "/third.gguf"
        try Data(TinyModel(seed: 3).file()).write(to: URL(filePath: path))
        try await hosted.host.place(path: "first", progress: { _ in })
        let expected = try await hosted.answer()
        let error = await #expect(throws: CoordinatorError.self) {
            try await hosted.host.place(path: path) { event in
                // It was found to fit; now most of its file goes.
                if case .connecting = event { truncate(path, 2000) }
            }
        }
        #expect(error?.code == .model)
        #expect(error?.message.contains("third could not be placed: \(path)") == true)
        #expect(error?.message.contains("first is placed again") == true)
        #expect(hosted.host.readiness == .ready)
        #expect(hosted.host.present?.model.id == "first")
        #expect(try await hosted.answer().says(expected))
        await hosted.end()
    }

    @Test func `a model that cannot be placed where there was none leaves none, and the reason is told`() async throws {
        let hosted = try await Hosted()
        await hosted.cluster.workers[0].kill()
        let error = await #expect(throws: CoordinatorError.self) {
            try await hosted.host.place(path: "second", progress: { _ in })
        }
        #expect(error?.code == .worker)
        #expect(hosted.host.present == nil)
        guard case .unavailable(let reason) = hosted.host.readiness else {
            Issue.record("not unavailable")
            return
        }
        #expect(reason.contains("second"))
        #expect(reason.contains("w1") || reason.contains("127.0.0.1"))
        await hosted.end()
    }

    @Test func `a served model whose file was made shorter ends its answers with the reason, and can be placed again`()
        async throws
    {
        let hosted = try await Hosted()
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = folder.path + "/third.gguf"
        let bytes = try Data(TinyModel(seed: 3).file())
        try bytes.write(to: URL(filePath: path))
        let coordinator = try await hosted.host.place(path: path, progress: { _ in })
        let expected = try await hosted.answer()
        truncate(path, 2000)
        let answer = try await coordinator.answer(hosted.request(most: 10))
        #expect(answer.error?.message.contains("shorter") == true)
        guard case .unavailable(let reason) = coordinator.readiness else {
            Issue.record("\(coordinator.readiness)")
            return
        }
        #expect(reason.contains(path) && reason.contains("place it again"))
        // As a download does: another file of the same name.
        try bytes.write(to: URL(filePath: path), options: .atomic)
        try await hosted.host.place(path: path, progress: { _ in })
        #expect(try await hosted.answer().says(expected))
        await hosted.end()
    }

    @Test func `one change at a time`() async throws {
        let (entered, enter) = AsyncStream.makeStream(of: Void.self)
        let gate = DispatchSemaphore(value: 0)
        let host = ModelHost(
            transport: LocalWorker.makeTransport(),
            prepare: { path, _, _ in
                enter.finish()
                gate.wait()
                throw CoordinatorError(.model, "\(path) is no model")
            })
        let placing = Task { try await host.place(path: "first", progress: { _ in }) }
        for await _ in entered {}
        let placed = await #expect(throws: CoordinatorError.self) {
            try await host.place(path: "second", progress: { _ in })
        }
        let unloaded = await #expect(throws: CoordinatorError.self) { try await host.unload() }
        #expect(placed?.code == .busy)
        #expect(unloaded?.code == .busy)
        gate.signal()
        await #expect(throws: CoordinatorError(.model, "first is no model")) { try await placing.value }
        let after = await #expect(throws: CoordinatorError.self) { try await host.unload() }
        #expect(after?.code == .unavailable)
    }

    @Test func `after the end nothing is placed`() async throws {
        let hosted = try await Hosted()
        await hosted.host.drain(limit: .zero)
        let error = await #expect(throws: CoordinatorError.self) {
            try await hosted.host.place(path: "first", progress: { _ in })
        }
        #expect(error?.code == .unavailable)
        await hosted.cluster.stop()
    }
}
