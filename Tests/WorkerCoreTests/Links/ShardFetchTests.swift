import CoordinatorCore
import NIOCore
import Synchronization
import TestSupport
import Testing
import Transport
import Wire
import WorkerCore

/// Workers that get shards from each other, over TCP.
@Suite(.timeLimit(.minutes(10)))
struct ShardFetchTests {
    /// A model whose layers are of several pieces.
    private static let model = {
        var model = TinyModel()
        model.layers = 2
        model.width = 256
        model.feedForward = 2048
        return model
    }()

    /// What is held after each piece of a shard that a worker gives, from so much on.
    private static func steps(from held: UInt64 = 0, to bytes: UInt64) -> [UInt64] {
        let piece = UInt64(ShardUploads.pieceBytes)
        return Array(stride(from: held + piece, to: bytes, by: Int(piece))) + [bytes]
    }

    /// A worker that says it holds a shard, gives some pieces of it to who asks first, and nothing more.
    private final class FailingSource: LinkHandler, Sendable {
        let pieces: [ShardPiece]
        private let given = Mutex<(any Link)?>(nil)

        init(_ pieces: [ShardPiece]) { self.pieces = pieces }

        func received(_ frame: Frame, on link: any Link) {
            guard case .control(let message) = frame, case .shardRequest(let request) = message.body else { return }
            let before = given.withLock { given in
                defer { given = given ?? link }
                return given
            }
            switch before {
            case nil: for piece in pieces { link.send(.piece(piece)) }
            case let before? where before === link: break
            case _?:
                link.send(
                    .failure(Failure(code: .shardMissing, message: "gone", shard: request.id)), request: message.request
                )
            }
        }

        /// Ends the link over which it has given pieces.
        func close() { given.withLock { $0 }?.close() }

        func closed(_ link: any Link, error: TransportError?) {}

        static func listen(_ source: FailingSource) async throws -> Listener {
            try await LocalWorker.makeTransport().listen(
                on: Endpoint(host: "127.0.0.1", port: 0),
                welcome: { _ in
                    .success(Welcome(version: ProtocolVersion.highest, name: "failing", softwareVersion: "test"))
                }, handler: { _ in source })
        }
    }

    /// Two workers on TCP, the first with the whole model's shards.
    private struct Pair {
        let folder: TemporaryFolder
        let shards: TestShards
        let holder: LocalWorker
        let getter: LocalWorker
        let probe = WorkerProbe()
        let link: any Link

        init() async throws {
            folder = try TemporaryFolder()
            shards = try TestShards(ShardFetchTests.model)
            do {
                let store = try ShardStore(dataFolder: folder.path + "/holder")
                for part in [ModelPart.configuration, .layer(0), .layer(1)] {
                    for piece in shards.pieces(part, size: 1 << 20) { _ = try store.accept(piece) }
                }
            }
            holder = try await LocalWorker.start(name: "holder", folder: folder.path + "/holder")
            getter = try await LocalWorker.start(name: "getter", folder: folder.path + "/getter")
            link = try await LocalWorker.makeTransport().connect(
                to: getter.endpoint, hello: hello(.coordinator, session: 7), handler: probe)
        }

        func fetch(_ part: ModelPart, from addresses: [String]) async -> ControlBody? {
            await probe.ask(
                .fetchShard(
                    FetchShard(
                        id: shards.id(part), totalBytes: UInt64(shards.bytes(part).count), addresses: addresses)),
                on: link)
        }

        func holding(_ part: ModelPart) async -> ShardHolding? {
            let reply = await probe.ask(.shardInquiry(ShardInquiry(ids: [shards.id(part)])), on: link)
            if case .shardInventory(let inventory) = reply { return inventory.shards.first }
            return nil
        }

        /// How far the getter said it was.
        var told: [UInt64] {
            probe.unread.compactMap { frame in
                if case .control(let message) = frame, case .shardPieceAccepted(let accepted) = message.body {
                    accepted.bytesHeld
                } else {
                    nil
                }
            }
        }

        /// Waits until the getter has so many bytes of a part. A time limit belongs on the test.
        func holds(_ bytes: UInt64, of part: ModelPart) async throws {
            while await holding(part)?.bytesHeld != bytes { try await Task.sleep(for: .milliseconds(5)) }
        }

        func end() async {
            link.close()
            await holder.kill()
            await getter.kill()
            folder.remove()
        }
    }

    @Test func `a shard comes from another worker, with word of how far it is`() async throws {
        let pair = try await Pair()
        let bytes = UInt64(pair.shards.bytes(.layer(0)).count)
        #expect(bytes > 5 << 20)
        let address = pair.holder.endpoint.description
        #expect(
            await pair.fetch(.layer(0), from: [address])
                == .shardStored(ShardStored(id: pair.shards.id(.layer(0)))))
        #expect(pair.told == Self.steps(to: bytes))
        #expect(await pair.holding(.layer(0))?.complete == true)
        // What is there already is not got again.
        #expect(
            await pair.fetch(.layer(0), from: [address])
                == .shardStored(ShardStored(id: pair.shards.id(.layer(0)))))
        #expect(pair.told.count == Self.steps(to: bytes).count)
        await pair.end()
    }

    @Test func `several shards come at a time over one coordinator's link`() async throws {
        let pair = try await Pair()
        let address = pair.holder.endpoint.description
        await withTaskGroup(of: Void.self) { group in
            for part in [ModelPart.configuration, .layer(0), .layer(1)] {
                group.addTask {
                    #expect(
                        await pair.fetch(part, from: [address])
                            == .shardStored(ShardStored(id: pair.shards.id(part))))
                }
            }
        }
        await pair.end()
    }

    @Test func `when a source dies in the middle, the next one gives the rest`() async throws {
        let pair = try await Pair()
        let source = FailingSource(Array(pair.shards.pieces(.layer(0), size: 1 << 20).prefix(2)))
        let listener = try await FailingSource.listen(source)
        let bytes = UInt64(pair.shards.bytes(.layer(0)).count)
        async let reply = pair.fetch(
            .layer(0), from: [listener.boundEndpoint.description, pair.holder.endpoint.description])
        try await pair.holds(2 << 20, of: .layer(0))
        source.close()
        #expect(await reply == .shardStored(ShardStored(id: pair.shards.id(.layer(0)))))
        // No byte came twice.
        #expect(pair.told == [1 << 20, 2 << 20] + Self.steps(from: 2 << 20, to: bytes))
        await listener.close()
        await pair.end()
    }

    @Test func `when the only source dies, it fails and what came is kept`() async throws {
        let pair = try await Pair()
        let source = FailingSource(Array(pair.shards.pieces(.layer(0), size: 1 << 20).prefix(2)))
        let listener = try await FailingSource.listen(source)
        let address = listener.boundEndpoint.description
        async let reply = pair.fetch(.layer(0), from: ["127.0.0.1:1", address])
        try await pair.holds(2 << 20, of: .layer(0))
        source.close()
        guard case .failure(let failure) = await reply else {
            Issue.record("no failure")
            return
        }
        #expect(failure.code == .nextUnreachable)
        #expect(failure.shard == pair.shards.id(.layer(0)))
        #expect(failure.message.contains(address))
        #expect(await pair.holding(.layer(0))?.bytesHeld == 2 << 20)
        await listener.close()
        await pair.end()
    }

    @Test func `a source that gives wrong bytes is found out, and the next one is asked for all`() async throws {
        let pair = try await Pair()
        var bytes = pair.shards.bytes(.layer(0))
        bytes[100_000] ^= 1
        let source = FailingSource(TestShards.pieces(bytes, id: pair.shards.id(.layer(0)), size: 1 << 20))
        let listener = try await FailingSource.listen(source)
        let reply = await pair.fetch(
            .layer(0), from: [listener.boundEndpoint.description, pair.holder.endpoint.description])
        #expect(reply == .shardStored(ShardStored(id: pair.shards.id(.layer(0)))))
        await listener.close()
        await pair.end()
    }

    @Test func `a worker that does not hold the shard says so`() async throws {
        let pair = try await Pair()
        guard
            case .failure(let failure) = await pair.fetch(.embedding, from: [pair.holder.endpoint.description])
        else {
            Issue.record("no failure")
            return
        }
        #expect(failure.code == .nextUnreachable)
        #expect(failure.message.contains("not in the store"))
        await pair.end()
    }

    @Test func `parts beyond a shard's end are refused, and only links for shards may ask`() async throws {
        let pair = try await Pair()
        let probe = WorkerProbe()
        let link = try await LocalWorker.makeTransport().connect(
            to: pair.holder.endpoint, hello: hello(.shards, session: 0), handler: probe)
        let id = pair.shards.id(.layer(0))
        let bytes = UInt64(pair.shards.bytes(.layer(0)).count)
        for (offset, count) in [(bytes, UInt64(1)), (0, bytes + 1), (bytes - 1, 2)] {
            guard
                case .failure(let failure) = await probe.ask(
                    .shardRequest(ShardRequest(id: id, offset: offset, count: count)), on: link)
            else {
                Issue.record("no failure")
                continue
            }
            #expect(failure.code == .badRequest)
        }
        link.send(.shardRequest(ShardRequest(id: id, offset: bytes - 3, count: 3)), request: 9)
        let frame = await probe.frame { if case .piece = $0 { true } else { false } }
        if case .piece(let piece) = frame {
            #expect(piece.offset == bytes - 3)
            #expect(Array(buffer: piece.bytes) == Array(pair.shards.bytes(.layer(0)).suffix(3)))
        }
        link.close()
        guard
            case .failure(let failure) = await pair.probe.ask(
                .shardRequest(ShardRequest(id: id, offset: 0, count: 1)), on: pair.link)
        else {
            Issue.record("no failure")
            return
        }
        #expect(failure.code == .badRequest)
        await pair.end()
    }
}
