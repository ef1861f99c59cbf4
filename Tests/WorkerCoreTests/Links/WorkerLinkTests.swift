import CoordinatorCore
import NIOCore
import TestSupport
import Testing
import Transport
import Wire
import WorkerCore

/// What a worker answers on its links.
struct WorkerLinkTests {
    @Test func `a device tells what it is and holds`() async throws {
        let tested = try TestWorker(memoryBytes: 123_456_789)
        guard case .deviceReport(let report) = await tested.ask(.describeDevice(DescribeDevice())) else {
            Issue.record("no report")
            return
        }
        #expect(report.name == "tested")
        #expect(report.softwareVersion == SoftwareVersion.current)
        #expect(report.threads == 1)
        #expect(report.cores > 0)
        #expect(report.memoryBudgetBytes == 123_456_789)
        #expect(report.residentBytes > 0)
        #expect(report.storeBytes == 0)
        #expect(report.stages == [])
        tested.end()
    }

    @Test(arguments: [LinkRole.inspector, .upstream]) func `only a coordinator places`(role: LinkRole) async throws {
        let tested = try TestWorker()
        let probe = WorkerProbe()
        let link = tested.worker.connectInProcess(hello(role, session: 7), handler: probe)
        let request = tested.request(layers: 0..<1)
        for body in [
            ControlBody.loadStage(request), .unloadStages(UnloadStages(epochsThrough: 9)),
        ] {
            guard case .failure(let failure) = await probe.ask(body, on: link) else {
                Issue.record("\(body) was taken")
                continue
            }
            #expect(failure.code == .badRequest)
            #expect(failure.message.contains("\(role)"))
        }
        // To ask what is held disturbs nothing, but is not what an upstream link is for.
        switch await probe.ask(.shardInquiry(ShardInquiry(ids: request.shards)), on: link) {
        case .shardInventory(let inventory):
            #expect(role == .inspector)
            #expect(inventory.shards.map(\.complete) == [false, false])
        case .failure(let failure):
            #expect(role == .upstream)
            #expect(failure.code == .badRequest)
        default: Issue.record("no answer")
        }
        // Pieces from such a link are not taken.
        link.send(.piece(tested.shards.pieces(.head, size: 1 << 20)[0]))
        if case .deviceReport(let report) = await probe.ask(.describeDevice(DescribeDevice()), on: link) {
            #expect(report.storeBytes == 0)
        } else {
            Issue.record("no report")
        }
        link.close()
        tested.end()
    }

    @Test func `a message that is no request is answered with a failure`() async throws {
        let tested = try TestWorker()
        #expect(await tested.failure(.stagesUnloaded(StagesUnloaded())) == .badRequest)
        #expect(await tested.failure(.shardInventory(ShardInventory(shards: []))) == .badRequest)
        #expect(await tested.stages() == [])
        tested.end()
    }

    @Test func `an upstream link needs a session that is known`() async throws {
        let tested = try TestWorker(session: 7)
        guard case .failure(let refusal) = tested.worker.welcome(hello(.upstream, session: 8)) else {
            Issue.record("welcomed")
            return
        }
        #expect(refusal.code == .unknownSession)
        for welcome in [
            tested.worker.welcome(hello(.upstream, session: 7)), tested.worker.welcome(hello(.coordinator, session: 9)),
            tested.worker.welcome(hello(.inspector, session: 0)),
        ] {
            #expect(try welcome.get().name == "tested")
        }
        tested.end()
        guard case .failure = tested.worker.welcome(hello(.upstream, session: 7)) else {
            Issue.record("welcomed after the session's end")
            return
        }
    }

    @Test func `over TCP an upstream link of an unknown session is refused with the reason`() async throws {
        let folder = try TemporaryFolder()
        let worker = try await LocalWorker.start(name: "listening", folder: folder.path)
        let transport = LocalWorker.makeTransport()
        let error = await #expect(throws: TransportError.self) {
            _ = try await transport.connect(
                to: worker.endpoint, hello: hello(.upstream, session: 4), handler: WorkerProbe())
        }
        #expect(error?.code == .refused)
        #expect(error?.refusal?.code == .unknownSession)
        let probe = WorkerProbe()
        let link = try await transport.connect(
            to: worker.endpoint, hello: hello(.inspector, session: 0), handler: probe)
        guard case .deviceReport(let report) = await probe.ask(.describeDevice(DescribeDevice()), on: link) else {
            Issue.record("no report")
            return
        }
        #expect(report.name == "listening")
        link.close()
        await worker.kill()
        folder.remove()
    }

    @Test func `shards are inquired after, sent in pieces, acknowledged and stored`() async throws {
        let tested = try TestWorker()
        let id = tested.shards.id(.head)
        let missing = tested.shards.id(.embedding)
        let pieces = tested.shards.pieces(.head, size: 5000)
        for piece in pieces { tested.link.send(.piece(piece)) }
        var held: UInt64 = 0
        for piece in pieces {
            held += UInt64(piece.bytes.readableBytes)
            #expect(
                await tested.probe.notice() == .shardPieceAccepted(ShardPieceAccepted(id: id, bytesHeld: held)))
        }
        #expect(await tested.probe.notice() == .shardStored(ShardStored(id: id)))
        #expect(
            await tested.ask(.shardInquiry(ShardInquiry(ids: [missing, id])))
                == .shardInventory(
                    ShardInventory(shards: [
                        ShardHolding(id: missing, bytesHeld: 0, complete: false),
                        ShardHolding(id: id, bytesHeld: held, complete: true),
                    ])))
        // A piece out of place is told, and the link goes on.
        tested.link.send(.piece(tested.shards.pieces(.embedding, size: 100)[1]))
        if case .failure(let failure) = await tested.probe.notice() {
            #expect(failure.code == .badRequest)
        } else {
            Issue.record("taken")
        }
        tested.end()
    }

    @Test func `a session's end frees its stages and leaves others alone`() async throws {
        let tested = try TestWorker(session: 7)
        try tested.keep(layers: 0..<2)
        let other = WorkerProbe()
        let otherLink = tested.worker.connectInProcess(hello(.coordinator, session: 8), handler: other)
        #expect(await tested.load(tested.request(layers: 0..<2)))
        guard case .stageLoaded = await other.ask(.loadStage(tested.request(layers: 0..<1)), on: otherLink) else {
            Issue.record("not loaded")
            return
        }
        #expect(await tested.stages()?.map(\.session) == [7, 8])
        otherLink.close()
        // Stages go on the compute thread; unloading waits for its turn there.
        _ = await tested.ask(.unloadStages(UnloadStages(epochsThrough: 0)))
        #expect(await tested.stages()?.map(\.session) == [7])
        tested.link.close()
        let inspector = WorkerProbe()
        let link = tested.worker.connectInProcess(hello(.coordinator, session: 9), handler: inspector)
        _ = await inspector.ask(.unloadStages(UnloadStages(epochsThrough: 0)), on: link)
        #expect(tested.worker.report().stages == [])
        link.close()
        tested.folder.remove()
    }

    @Test func `a session that ends while its stage is loading leaves no stage behind`() async throws {
        let tested = try TestWorker()
        try tested.keep(layers: 0..<4)
        for session in UInt64(100)..<130 {
            let probe = WorkerProbe()
            let link = tested.worker.connectInProcess(hello(.coordinator, session: session), handler: probe)
            link.send(.loadStage(tested.request(layers: 0..<4)), request: 1)
            link.close()
        }
        // Behind all of them: what was to be loaded has been, or never will be.
        for _ in 0..<10 { #expect(await tested.load(tested.request(layers: 0..<1))) }
        #expect(await tested.stages()?.map(\.session) == [7])
        tested.end()
    }

    @Test func `a session of the same number over a new link goes on with its stages`() async throws {
        let tested = try TestWorker(session: 7)
        try tested.keep(layers: 0..<1)
        #expect(await tested.load(tested.request(layers: 0..<1)))
        let probe = WorkerProbe()
        let link = tested.worker.connectInProcess(hello(.coordinator, session: 7), handler: probe)
        #expect(await tested.stages() == nil)
        #expect(tested.worker.report().stages.map(\.epoch) == [1])
        guard case .stageLoaded = await probe.ask(.loadStage(tested.request(layers: 0..<1, epoch: 2)), on: link) else {
            Issue.record("not loaded")
            return
        }
        // The old link's end is not the new session's.
        tested.link.close()
        #expect(await probe.ask(.unloadStages(UnloadStages(epochsThrough: 1)), on: link) != nil)
        #expect(tested.worker.report().stages.map(\.epoch) == [2])
        link.close()
        tested.folder.remove()
    }

    @Test func `more links of a role than there are places for are refused, and taken when others have ended`()
        async throws
    {
        let tested = try TestWorker()
        let links = (0..<LinkCounts.most(.inspector)).map { _ in
            tested.worker.connectInProcess(hello(.inspector, session: 0), handler: WorkerProbe())
        }
        guard case .failure(let refusal) = tested.worker.welcome(hello(.inspector, session: 0)) else {
            Issue.record("welcomed")
            return
        }
        #expect(refusal.code == .busy)
        #expect(refusal.message.contains("\(LinkCounts.most(.inspector)) links"))
        // The coordinator's place is its own.
        #expect((try? tested.worker.welcome(hello(.coordinator, session: 1)).get()) != nil)
        links[3].close()
        #expect((try? tested.worker.welcome(hello(.inspector, session: 0)).get()) != nil)
        for link in links { link.close() }
        #expect(LinkRole.allCases.reduce(0) { $0 + LinkCounts.most($1) } == 180)
        tested.end()
    }
}
