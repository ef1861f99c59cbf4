import Formats
import Tensors
import TestSupport
import Testing
import Transport
import Wire
import WorkerCore

/// Measuring of devices and links by workers that listen on loopback. What is measured is plausible; times are not asserted.
@Suite(.timeLimit(.minutes(10)))
struct MeasuringTests {
    /// Asks a worker over an inspector's link of its own.
    private func ask(_ worker: LocalWorker, _ body: ControlBody) async throws -> ControlBody? {
        let probe = WorkerProbe()
        let link = try await LocalWorker.makeTransport().connect(
            to: worker.endpoint, hello: hello(.inspector, session: 0), handler: probe)
        defer { link.close() }
        return await probe.ask(body, on: link)
    }

    private func profile(_ worker: LocalWorker, again: Bool) async throws -> DeviceProfile? {
        if case .deviceProfile(let profile) = try await ask(worker, .measureDevice(MeasureDevice(again: again))) {
            return profile
        }
        return nil
    }

    private func reported(_ worker: LocalWorker) async throws -> DeviceProfile? {
        if case .deviceReport(let report) = try await ask(worker, .describeDevice(DescribeDevice())) {
            return report.profile
        }
        return nil
    }

    @Test func `a device is measured once, and keeps that over restarts`() async throws {
        let folder = try TemporaryFolder()
        let worker = try await LocalWorker.start(name: "measured", folder: folder.path)
        #expect(try await reported(worker) == nil)
        let measured = try #require(try await profile(worker, again: false))
        #expect(measured.threads == 1)
        #expect(measured.instructionSet == Kernels.chosenInstructionSet)
        #expect(measured.readBytesPerSecond > 0)
        #expect(measured.measuredAt > 1_700_000_000)
        // As many as there was time for, of what is planned, and the likeliest on any device.
        let planned = DeviceMeasurementPlan(types: ProductSpeed.types, cacheBytes: 0, budgetBytes: 0).products
        #expect(measured.products.first?.elementType == 2 && measured.products.first?.rows == 1)
        #expect(
            measured.products.map { [$0.elementType, $0.rows] }
                == planned.prefix(measured.products.count).map { [$0.type.rawValue, UInt32($0.rows)] })
        #expect(measured.products.allSatisfy { $0.bytesPerSecond > 0 })
        #expect(try await profile(worker, again: false) == measured)
        #expect(try await reported(worker) == measured)
        await worker.kill()
        try await worker.restart()
        #expect(try await reported(worker) == measured)
        await worker.kill()
        folder.remove()
    }

    @Test func `a worker that has just computed is not measured`() async throws {
        let tested = try TestWorker()
        try tested.keep(embedding: true, layers: 0..<4, head: true)
        #expect(await tested.load(tested.request(embedding: true, layers: 0..<4, head: true)))
        tested.link.send(
            .step(
                tokenStep(
                    [5], entries: [.open(sequence: 1), .rows(sequence: 1, position: 0, count: 1, output: .last)])))
        #expect(await tested.failure(.measureDevice(MeasureDevice(again: true))) == .busy)
        #expect(await tested.probe.step() != nil)
        tested.end()
    }

    @Test func `a measurement is given up when work comes`() async throws {
        let tested = try TestWorker()
        try tested.keep(embedding: true, layers: 0..<4, head: true)
        // Work comes after the request was taken: whether it has begun by then makes no difference.
        tested.link.send(.measureDevice(MeasureDevice(again: true)), request: 100)
        #expect(await tested.load(tested.request(embedding: true, layers: 0..<4, head: true)))
        let reply = await tested.probe.frame {
            if case .control(let message) = $0 { message.request == 100 } else { false }
        }
        guard case .control(let message) = reply, case .failure(let failure) = message.body else {
            Issue.record("measured beside work")
            return
        }
        #expect(failure.code == .busy)
        tested.end()
    }

    @Test func `a worker measures its link to another, or says that it cannot be reached`() async throws {
        let folder = try TemporaryFolder()
        let one = try await LocalWorker.start(name: "one", folder: folder.path + "/one")
        let other = try await LocalWorker.start(name: "other", folder: folder.path + "/other")
        let measure = ControlBody.measureLink(MeasureLink(address: other.endpoint.description))
        guard case .linkProfile(let profile) = try await ask(one, measure) else {
            Issue.record("no profile of the link")
            return
        }
        #expect(profile.roundTripNanoseconds > 0)
        #expect(profile.bytesPerSecond > 0)
        await other.kill()
        guard case .failure(let failure) = try await ask(one, measure) else {
            Issue.record("a profile of a link to nobody")
            return
        }
        #expect(failure.code == .nextUnreachable)
        #expect(failure.message.contains("one") && failure.message.contains(other.endpoint.description))
        await one.kill()
        folder.remove()
    }

    @Test func `upstream links ask for no measurements`() async throws {
        let tested = try TestWorker()
        let probe = WorkerProbe()
        let link = tested.worker.connectInProcess(hello(.upstream, session: 7), handler: probe)
        for body in [
            ControlBody.measureDevice(MeasureDevice(again: false)), .measureLink(MeasureLink(address: "localhost:1")),
        ] {
            guard case .failure(let failure) = await probe.ask(body, on: link) else {
                Issue.record("\(body) was taken")
                continue
            }
            #expect(failure.code == .badRequest)
        }
        link.close()
        tested.end()
    }
}
