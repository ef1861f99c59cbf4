import NIOCore
import Transport
import Wire

/// Asks a device what it is and holds, over a link that does nothing else: no use of what it holds, and no claim on it.
struct DeviceInspection: Sendable {
    /// How long a device may take to answer the call.
    private static let timeout = TimeAmount.seconds(2)

    let transport: TCPTransport
    let device: DeviceDeclaration

    /// What the device says of itself; `nil` when it cannot be reached.
    func report() async -> DeviceReport? { try? await described().get() }

    /// What the device says of itself, or why it does not.
    func described() async -> Result<DeviceReport, CoordinatorError> {
        do throws(CoordinatorError) {
            let client = try await connect()
            defer { client.close() }
            return .success(try await client.describe())
        } catch {
            return .failure(error)
        }
    }

    /// What it holds of some shards; `nil` when it cannot be reached.
    func holdings(of ids: [ShardID]) async -> [ShardHolding]? {
        guard let client = try? await connect() else { return nil }
        defer { client.close() }
        var holdings: [ShardHolding] = []
        for first in stride(from: 0, to: ids.count, by: WireLimits.shardsPerMessage) {
            let part = Array(ids[first..<min(ids.count, first + WireLimits.shardsPerMessage)])
            guard
                case .shardInventory(let inventory) = try? await client.request(.shardInquiry(ShardInquiry(ids: part)))
            else { return nil }
            holdings += inventory.shards
        }
        return holdings
    }

    private func connect() async throws(CoordinatorError) -> WorkerClient {
        let client = WorkerClient(
            device: device.name, reader: nil, limits: device.isInProcess ? nil : HeadwayLimits(), onStep: { _ in },
            onNotice: { _, _ in })
        let hello = Hello(role: .inspector, session: 0, name: "coordinator", softwareVersion: SoftwareVersion.current)
        switch device.connection {
        case .inProcess(let worker):
            client.attach(worker.connect(client, hello))
        case .tcp(let endpoint):
            do {
                client.attach(
                    try await transport.connect(
                        to: endpoint, hello: hello, timeout: Self.timeout, member: device.memberID, handler: client))
            } catch {
                throw CoordinatorError(.worker, "\(device.name): \(error.description)")
            }
        }
        return client
    }
}
