import Identity
import TestSupport
import Testing
import Transport
import Wire
import WorkerCore

/// Whom a worker of a closed cluster dials: the device that the coordinator named with its address, and no other that answers there.
@Suite(.timeLimit(.minutes(10))) struct NamedAddressTests {
    private let stranger = ClusterIdentity(new: .member).id

    @Test func `the next stage is at its address the named device or unreachable`() async throws {
        let (worker, next) = (try await ClosedWorker(), try await ClosedWorker())
        try worker.tested.keep(embedding: true, layers: 0..<2)
        #expect(await next.admit(upstream: [worker.member]))
        func request(_ identity: String?) -> LoadStage {
            worker.tested.request(
                embedding: true, layers: 0..<2, next: .worker(address: next.address, stage: 1, identity: identity))
        }
        for identity in [stranger, worker.member.id, nil] {
            #expect(await worker.tested.failure(.loadStage(request(identity))) == .nextUnreachable)
        }
        #expect(await worker.tested.load(request(next.member.id)))
        // The link of that device is no answer to the question for another one.
        #expect(await worker.tested.failure(.loadStage(request(stranger))) == .nextUnreachable)
        await worker.end()
        await next.end()
    }

    @Test func `caches come from the named device alone`() async throws {
        let (from, to) = (try await ClosedWorker(model: TestPipe.model), try await ClosedWorker(model: TestPipe.model))
        for worker in [from, to] { try worker.tested.keep(embedding: true, layers: 0..<4, head: true) }
        var pipe = TestPipe(from.tested)
        #expect(await pipe.loadAll())
        #expect(await pipe.run([], [.open(sequence: 1)]) != nil)
        #expect(await pipe.feed((0..<130).map { $0 % 250 }, of: 1))
        pipe.workers = [to.tested, to.tested, to.tested]
        let kept = [KeptSequence(sequence: 1, positions: 130)]
        func positions(_ identity: String?) async -> [UInt32]? {
            pipe.epoch += 1
            let source = CacheSource(epoch: 1, stage: 1, address: from.address, identity: identity)
            return await pipe.load(1, taking: [source], kept)
        }
        // Not yet admitted there.
        #expect(await positions(from.member.id) == [0])
        #expect(await from.admit(caches: [to.member]))
        #expect(await positions(stranger) == [0])
        #expect(await positions(nil) == [0])
        #expect(await positions(from.member.id) == [130])
        await from.end()
        await to.end()
    }

    @Test func `shards come from the named devices alone, in turn`() async throws {
        let (holder, getter) = (try await ClosedWorker(), try await ClosedWorker())
        try holder.tested.keep(embedding: true, layers: 0..<1)
        func fetch(_ part: Int, _ identities: [String]) async -> ControlBody? {
            let id = holder.tested.shards.ids(embedding: true, layers: 0..<1)[part]
            let bytes = holder.tested.store.holdings([id])[0].bytesHeld
            return await getter.tested.ask(
                .fetchShard(
                    FetchShard(
                        id: id, totalBytes: bytes,
                        addresses: Array(repeating: holder.address, count: max(1, identities.count)),
                        identities: identities)))
        }
        for identities in [[stranger], []] {
            guard case .failure(let failure) = await fetch(0, identities) else {
                Issue.record("got it from anybody")
                return
            }
            #expect(failure.code == .nextUnreachable)
        }
        guard case .shardStored = await fetch(0, [stranger, holder.member.id]) else {
            Issue.record("not got from the named one")
            return
        }
        await holder.end()
        await getter.end()
    }

    @Test func `links are measured for the coordinator, to devices that it names, and nothing else is told`()
        async throws
    {
        let (worker, other) = (try await ClosedWorker(), try await ClosedWorker())
        let plain = try await LocalWorker.makeTransport().listen(
            on: Endpoint(host: "127.0.0.1", port: 0),
            welcome: { _ in .success(Welcome(name: "plain", softwareVersion: "")) }, handler: { _ in WorkerProbe() })
        let closed = try await ClosedWorker()
        await closed.end()
        func ask(_ kind: ClusterIdentity.Kind, _ address: String, _ identity: String?) async throws -> ControlBody? {
            let probe = WorkerProbe()
            let link = try await TestMember(kind).dial(worker.endpoint, .inspector, session: 0, probe: probe)
            defer { link.close() }
            return await probe.ask(.measureLink(MeasureLink(address: address, identity: identity)), on: link)
        }
        guard case .linkProfile = try await ask(.coordinator, other.address, other.member.id) else {
            Issue.record("not measured")
            return
        }
        guard case .failure(let refusal) = try await ask(.member, other.address, other.member.id) else {
            Issue.record("measured for a member")
            return
        }
        #expect(refusal.code == .badRequest)
        // A device, a port of something else, and one that is closed.
        for address in [other.address, plain.boundEndpoint.description, closed.address] {
            guard case .failure(let failure) = try await ask(.coordinator, address, stranger) else {
                Issue.record("measured to another one")
                return
            }
            #expect(failure.code == .nextUnreachable)
            #expect(failure.message == "tested cannot reach \(address); its log says why")
        }
        await plain.close()
        await worker.end()
        await other.end()
    }
}
