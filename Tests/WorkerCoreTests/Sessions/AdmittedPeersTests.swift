import Identity
import TestSupport
import Testing
import Transport
import Wire
import WorkerCore

/// Whose links a worker of a closed cluster takes: those of the devices that the coordinator named.
@Suite(.timeLimit(.minutes(10))) struct AdmittedPeersTests {
    private static let roles: [LinkRole] = [.upstream, .caches]

    @Test func `Devices are admitted by their identity and for one role, until others are named`() {
        let named = ClusterIdentity(new: .member), other = ClusterIdentity(new: .member)
        let peers = AdmittedPeers(AdmitPeers(upstream: [named.id], caches: [other.id]))
        #expect(peers.admits(named, for: .upstream) && !peers.admits(named, for: .caches))
        #expect(!peers.admits(other, for: .upstream) && peers.admits(other, for: .caches))
        #expect(!peers.admits(named, for: .coordinator))
        for role in Self.roles {
            #expect(!AdmittedPeers().admits(named, for: role))
            // The coordinator's own device has stages too; on plain links nobody is known.
            #expect(AdmittedPeers().admits(ClusterIdentity(new: .coordinator), for: role))
            #expect(AdmittedPeers().admits(nil, for: role))
        }
        #expect(AdmittedPeers().admits(named, for: .inspector) && AdmittedPeers().admits(named, for: .shards))
    }

    @Test(arguments: roles) func `A member that was not named opens no link, though it knows the session`(
        role: LinkRole
    ) async throws {
        let worker = try await ClosedWorker()
        let (named, other, coordinator) = (try TestMember(), try TestMember(), try TestMember(.coordinator))
        func admit(_ members: [TestMember]) async -> Bool {
            await worker.admit(upstream: role == .upstream ? members : [], caches: role == .caches ? members : [])
        }
        #expect(await named.refusal(worker.endpoint, role) == .notAllowed)
        #expect(await named.refusal(worker.endpoint, role, session: 8) == .unknownSession)
        #expect(await coordinator.refusal(worker.endpoint, role) == nil)
        #expect(await admit([named]))
        #expect(await named.refusal(worker.endpoint, role) == nil)
        #expect(await named.refusal(worker.endpoint, role == .upstream ? .caches : .upstream) == .notAllowed)
        #expect(await other.refusal(worker.endpoint, role) == .notAllowed)
        // Each list replaces the one before.
        #expect(await admit([other]))
        #expect(await named.refusal(worker.endpoint, role) == .notAllowed)
        #expect(await other.refusal(worker.endpoint, role) == nil)
        await worker.end()
    }

    @Test func `Only a coordinator names devices`() async throws {
        let worker = try await ClosedWorker()
        let member = try TestMember()
        let probe = WorkerProbe()
        let link = try await member.dial(worker.endpoint, .inspector, probe: probe)
        guard case .failure(let failure) = await probe.ask(.admitPeers(AdmitPeers(caches: [member.id])), on: link)
        else {
            Issue.record("taken")
            return
        }
        #expect(failure.code == .badRequest)
        #expect(await member.refusal(worker.endpoint, .caches) == .notAllowed)
        link.close()
        await worker.end()
    }

    @Test func `A link of caches is closed at the next question when its device is named no more`() async throws {
        let worker = try await ClosedWorker()
        try worker.tested.keep(embedding: true, layers: 0..<4, head: true)
        #expect(await worker.tested.load(worker.tested.request(embedding: true, layers: 0..<4, head: true)))
        let reader = try TestMember()
        #expect(await worker.admit(caches: [reader]))
        let probe = WorkerProbe()
        let link = try await reader.dial(worker.endpoint, .caches, probe: probe)
        let inquiry = ControlBody.cacheInquiry(CacheInquiry(epoch: 1, stage: 0))
        #expect(await probe.ask(inquiry, on: link) == .cacheInventory(CacheInventory(sequences: [])))
        #expect(await worker.admit())
        #expect(await probe.ask(inquiry, on: link) == nil)
        await worker.end()
    }

    @Test func `A step is taken from the device of the stage before alone`() async throws {
        let worker = try await ClosedWorker()
        let tested = worker.tested
        try tested.keep(embedding: true, layers: 0..<4, head: true)
        let (first, second) = (try TestMember(), try TestMember())
        for (stage, member) in [(UInt32(1), first), (3, second)] {
            var request = tested.request(embedding: true, layers: 0..<4, head: true, stage: stage)
            request.upstream = member.id
            #expect(await tested.load(request))
        }
        #expect(await worker.admit(upstream: [first, second]))
        func step(_ number: UInt64, stage: UInt32) -> Frame {
            .step(
                tokenStep(
                    [5],
                    entries: [
                        .open(sequence: UInt32(number)),
                        .rows(
                            sequence: UInt32(number), position: 0, count: 1, output: .last),
                    ], step: number, stage: stage))
        }
        let probe = WorkerProbe()
        let link = try await first.dial(worker.endpoint, .upstream, probe: probe)
        link.send(step(1, stage: 1))
        #expect(await tested.probe.step()?.step == 1)
        // Into another one's stage: the link is over, and nothing was computed or failed.
        link.send(step(2, stage: 3))
        #expect(await probe.frame { _ in true } == nil)
        let right = try await second.dial(worker.endpoint, .upstream)
        right.send(step(3, stage: 3))
        #expect(await tested.probe.step()?.step == 3)
        #expect(await tested.stages()?.map(\.sequences) == [1, 1])

        // Of a stage that is not there the coordinator is told, unless the device has no part any more.
        right.send(step(4, stage: 2))
        guard case .stepFailed(let failure) = await tested.probe.notice() else {
            Issue.record("not told")
            return
        }
        #expect(failure.code == .stageMissing && failure.step == 4)
        #expect(await worker.admit(upstream: [first]))
        let watched = WorkerProbe()
        #expect(await second.refusal(worker.endpoint, .upstream) == .notAllowed)
        #expect(await worker.admit(upstream: [second]))
        let late = try await second.dial(worker.endpoint, .upstream, probe: watched)
        #expect(await worker.admit(upstream: [first]))
        late.send(step(5, stage: 2))
        #expect(await watched.frame { _ in true } == nil)
        #expect(tested.probe.unread.allSatisfy { if case .step = $0 { false } else { true } })
        #expect(await tested.stages()?.count == 2)
        await worker.end()
    }

    @Test func `A session's number is told to those alone who need it`() async throws {
        let worker = try await ClosedWorker()
        try worker.tested.keep(layers: 0..<1)
        #expect(await worker.tested.load(worker.tested.request(layers: 0..<1)))
        let other = WorkerProbe()
        let otherLink = worker.tested.worker.connectInProcess(hello(.coordinator, session: 8), handler: other)
        guard case .stageLoaded = await other.ask(.loadStage(worker.tested.request(layers: 0..<1)), on: otherLink)
        else {
            Issue.record("not loaded")
            return
        }
        let member = try TestMember()
        #expect(await worker.admit(upstream: [member], caches: [member]))
        func sessions(_ role: LinkRole, _ session: UInt64, _ dialing: TestMember) async throws -> [UInt64]? {
            let probe = WorkerProbe()
            let link = try await dialing.dial(worker.endpoint, role, session: session, probe: probe)
            defer { link.close() }
            guard case .deviceReport(let report) = await probe.ask(.describeDevice(DescribeDevice()), on: link) else {
                return nil
            }
            return report.stages.map(\.session)
        }
        #expect(try await sessions(.caches, 7, member) == [7])
        for role in [LinkRole.inspector, .upstream, .shards] {
            #expect(try await sessions(role, 7, member) == [0, 0])
        }
        #expect(try await sessions(.inspector, 0, TestMember(.coordinator)) == [0, 0])
        #expect(try await sessions(.coordinator, 9, TestMember(.coordinator)) == [7, 8])
        otherLink.close()
        await worker.end()
    }
}
