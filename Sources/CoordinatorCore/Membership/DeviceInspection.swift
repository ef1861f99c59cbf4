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
    func report() async -> DeviceReport? {
        guard let client = await connect() else { return nil }
        defer { client.close() }
        return try? await client.describe()
    }

    /// What it holds of some shards; `nil` when it cannot be reached.
    func holdings(of ids: [ShardID]) async -> [ShardHolding]? {
        guard let client = await connect() else { return nil }
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

    private func connect() async -> WorkerClient? {
        let client = WorkerClient(
            device: device.name, reader: nil, limits: device.isInProcess ? nil : HeadwayLimits(), onStep: { _ in },
            onNotice: { _, _ in })
        let hello = Hello(role: .inspector, session: 0, name: "coordinator", softwareVersion: SoftwareVersion.current)
        switch device.connection {
        case .inProcess(let worker):
            client.attach(worker.connect(client, hello))
        case .tcp(let endpoint):
            let link = try? await transport.connect(
                to: endpoint, hello: hello, timeout: Self.timeout, member: device.memberID, handler: client)
            guard let link else { return nil }
            client.attach(link)
        }
        return client
    }
}
