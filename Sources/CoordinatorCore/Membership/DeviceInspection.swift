import NIOCore
import Transport
package import Wire

/// Asks a device what it is and holds, over a link that does nothing else: no use of what it holds, and no claim on it.
struct DeviceInspection: Sendable {
    /// How long a device may take to answer the call.
    static let standardTimeout = TimeAmount.seconds(2)

    let transport: TCPTransport
    let device: DeviceDeclaration
    var timeout = Self.standardTimeout

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

    /// What the device says of itself and who it is, or why it does not.
    func introduced() async -> Result<(report: DeviceReport, introduction: DeviceRoster.Introduction), CoordinatorError>
    {
        do throws(CoordinatorError) {
            let client = try await connect()
            defer { client.close() }
            let report = try await client.describe()
            return .success((report, DeviceRoster.Introduction(report, certified: client.identity)))
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

    /// Has it remove shards that nothing there needs.
    ///
    /// - Returns: what the device says of itself after that, the bytes that its store has fewer, and how many of the shards it still has;
    ///   `nil` when it cannot be reached.
    func forget(_ ids: [ShardID]) async -> (report: DeviceReport, freedBytes: Int, kept: Int)? {
        // A session of its own, which ends with the link.
        guard let client = try? await connect(as: .coordinator, session: .random(in: 1...UInt64.max)) else {
            return nil
        }
        defer { client.close() }
        guard let before = try? await client.describe() else { return nil }
        var kept = 0
        for first in stride(from: 0, to: ids.count, by: WireLimits.shardsPerMessage) {
            let part = Array(ids[first..<min(ids.count, first + WireLimits.shardsPerMessage)])
            guard
                case .shardInventory(let inventory) = try? await client.request(
                    .shardInquiry(ShardInquiry(ids: part, forgets: true)))
            else { return nil }
            kept += inventory.shards.count { $0.bytesHeld > 0 }
        }
        guard let after = try? await client.describe() else { return nil }
        let freed = before.storeBytes > after.storeBytes ? before.storeBytes - after.storeBytes : 0
        return (after, Int(clamping: freed), kept)
    }

    private func connect(
        as role: LinkRole = .inspector, session: UInt64 = 0
    ) async throws(CoordinatorError) -> WorkerClient {
        let client = WorkerClient(
            device: device.name, reader: nil, limits: device.isInProcess ? nil : HeadwayLimits(), onStep: { _ in },
            onNotice: { _, _ in })
        let hello = Hello(
            role: role, session: session, name: "coordinator", softwareVersion: SoftwareVersion.current)
        switch device.connection {
        case .inProcess(let worker):
            client.attach(worker.connect(client, hello))
        case .tcp(let endpoint):
            do {
                client.attach(
                    try await transport.connect(
                        to: endpoint, hello: hello, timeout: timeout, member: device.memberID, handler: client))
            } catch {
                throw CoordinatorError(.worker, "\(device.name): \(error.description)")
            }
        }
        return client
    }
}

extension DeviceRoster.Introduction {
    /// - Parameter certified: the identity in the device's certificate; `nil` on a plain link.
    package init(_ report: DeviceReport, certified: String?) {
        self.init(
            identity: certified ?? (report.instance.isEmpty ? nil : report.instance),
            name: report.isNamed ? report.name : nil)
    }
}
