import CoordinatorCore
import Identity
import Synchronization
import Transport
import Wire

/// Asks a worker, over a link that does nothing else.
struct DeviceInquiry {
    let transport: TCPTransport

    /// What it is and holds, and who it is.
    ///
    /// - Throws: `TransportError`, or `CommandError` when the worker says something else.
    func introduction(
        of device: NamedDevice
    ) async throws -> (report: DeviceReport, introduction: DeviceRoster.Introduction) {
        let (body, identity) = try await ask(.describeDevice(DescribeDevice()), device)
        guard case .deviceReport(let report) = body else {
            throw CommandError("the worker answered with something else")
        }
        return (report, DeviceRoster.Introduction(report, certified: identity))
    }

    /// What it is, with what is wrong with it.
    ///
    /// - Throws: as `introduction`.
    func diagnosis(of device: NamedDevice) async throws -> DeviceReport {
        let question = ControlBody.describeDevice(DescribeDevice(diagnose: true))
        guard case .deviceReport(let report) = try await ask(question, device).body else {
            throw CommandError("the worker answered with something else")
        }
        return report
    }

    /// How fast it is, measured anew.
    ///
    /// - Throws: as `introduction`; `CommandError` too while it computes for somebody.
    func measure(_ device: NamedDevice) async throws -> DeviceProfile {
        guard case .deviceProfile(let profile) = try await ask(.measureDevice(MeasureDevice(again: true)), device).body
        else { throw CommandError("the worker answered with something else") }
        return profile
    }

    /// How fast the link to it is from here.
    ///
    /// - Throws: `TransportError`
    func measureLink(to device: NamedDevice) async throws -> LinkProfile {
        try await MeasuringLink.measure(device.endpoint, over: transport, name: "shoal devices")
    }

    /// How fast its link to another device is.
    ///
    /// - Throws: as `introduction`; `CommandError` too where it cannot reach the other.
    func measureLink(of device: NamedDevice, to other: NamedDevice) async throws -> LinkProfile {
        // It is told whom to expect: who answers here.
        let body = ControlBody.measureLink(
            MeasureLink(address: other.endpoint.description, identity: try await identity(of: other)))
        guard case .linkProfile(let profile) = try await ask(body, device).body else {
            throw CommandError("the worker answered with something else")
        }
        return profile
    }

    private func identity(of device: NamedDevice) async throws -> String? {
        let link = try await open(device, Reply())
        defer { link.close() }
        return link.peer.identity?.id
    }

    private func open(_ device: NamedDevice, _ handler: Reply) async throws -> any Link {
        let hello = Hello(role: .inspector, session: 0, name: "shoal devices", softwareVersion: SoftwareVersion.current)
        return try await transport.connect(
            to: device.endpoint, hello: hello, member: device.memberID, handler: handler)
    }

    private func ask(_ body: ControlBody, _ device: NamedDevice) async throws -> (body: ControlBody, identity: String?)
    {
        let handler = Reply()
        let link = try await open(device, handler)
        defer { link.close() }
        link.send(body, request: 1)
        return (try await handler.body(), link.peer.identity?.id)
    }

    private final class Reply: LinkHandler, Sendable {
        private let stream: AsyncStream<Result<ControlBody, CommandError>>
        private let continuation: AsyncStream<Result<ControlBody, CommandError>>.Continuation

        init() { (stream, continuation) = AsyncStream.makeStream() }

        func body() async throws -> ControlBody {
            for await result in stream { return try result.get() }
            throw CommandError("the worker did not answer")
        }

        func received(_ frame: Frame, on link: any Link) {
            guard case .control(let message) = frame, message.request == 1 else { return }
            if case .failure(let failure) = message.body {
                continuation.yield(.failure(CommandError(failure.message)))
            } else {
                continuation.yield(.success(message.body))
            }
        }

        func closed(_ link: any Link, error: TransportError?) {
            var failure = CommandError(error?.description ?? "the link was closed")
            failure.isFault = error?.code == .protocolViolation
            continuation.yield(.failure(failure))
        }
    }
}
