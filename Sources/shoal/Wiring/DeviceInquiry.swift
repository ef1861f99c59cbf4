import NIOPosix
import Synchronization
import Transport
import Wire

/// Asks a worker what it is and holds, over a link that does nothing else.
enum DeviceInquiry {
    /// - Throws: `TransportError`, or `CommandError` when the worker says something else.
    static func report(of device: NamedDevice) async throws -> DeviceReport {
        let transport = TCPTransport(eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
        let hello = Hello(role: .inspector, session: 0, name: "shoal devices", softwareVersion: SoftwareVersion.current)
        let handler = Reply()
        let link = try await transport.connect(to: device.endpoint, hello: hello, handler: handler)
        defer { link.close() }
        link.send(.describeDevice(DescribeDevice()), request: 1)
        return try await handler.report()
    }

    private final class Reply: LinkHandler, Sendable {
        private let stream: AsyncStream<Result<DeviceReport, CommandError>>
        private let continuation: AsyncStream<Result<DeviceReport, CommandError>>.Continuation

        init() { (stream, continuation) = AsyncStream.makeStream() }

        func report() async throws -> DeviceReport {
            for await result in stream { return try result.get() }
            throw CommandError("the worker did not answer")
        }

        func received(_ frame: Frame, on link: any Link) {
            guard case .control(let message) = frame, message.request == 1 else { return }
            switch message.body {
            case .deviceReport(let report): continuation.yield(.success(report))
            case .failure(let failure): continuation.yield(.failure(CommandError(failure.message)))
            default: continuation.yield(.failure(CommandError("the worker answered with something else")))
            }
        }

        func closed(_ link: any Link, error: TransportError?) {
            continuation.yield(.failure(CommandError(error?.description ?? "the link was closed")))
        }
    }
}
