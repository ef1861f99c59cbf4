import ModelParts
import CoordinatorCore
import NIOCore
import TestSupport
import Wire

/// What an honest coordinator, and the workers and tools beside it, say to one worker.
struct WorkerConversations {
    /// A place for the worker's own address, as long as that. No other is so: its port is none.
    static let ownAddress = "127.0.0.1:99999"

    static let model: TinyModel = {
        var model = TinyModel()
        (model.layers, model.width, model.heads, model.keyValueHeads, model.feedForward) = (2, 32, 2, 1, 32)
        model.vocabulary = 1024
        return model
    }()

    let shards: TestShards

    init() throws { shards = try TestShards(Self.model) }

    func load(
        _ range: StageRange, epoch: UInt32 = 1, stage: UInt32 = 0, next: NextHop = .coordinator,
        caches: [CacheSource] = [], sequences: [KeptSequence] = []
    ) -> LoadStage {
        LoadStage(
            epoch: epoch, stage: stage, range: range,
            shards: shards.ids(
                embedding: range.embedding, layers: range.layers, head: range.head),
            modelName: "tiny", compute: .int8, context: 256, slots: 4, next: next, caches: caches, sequences: sequences)
    }

    static let whole = StageRange(embedding: true, layers: 0..<2, head: true)
    static let beginning = StageRange(embedding: true, layers: 0..<1)
    static let end = StageRange(layers: 1..<2, head: true)
    static let noLayers = StageRange(embedding: true, layers: 0..<0, head: true)

    var all: [Conversation] {
        [
            answers, twoStages, fromUpstream, tools, storing, fetching, caches, takingOver, following, measuring,
            twoCoordinators,
        ]
    }

    /// A coordinator with the whole model on one device.
    func coordinator(_ load: LoadStage? = nil) -> Conversation {
        var talk = Conversation()
        talk.open(0, .coordinator)
        talk.say(.describeDevice(DescribeDevice()), request: 1)
        talk.say(.shardInquiry(ShardInquiry(ids: shards.ids(embedding: true, layers: 0..<2, head: true))), request: 2)
        talk.say(.loadStage(load ?? self.load(Self.whole)), request: 3)
        return talk
    }

    private var answers: Conversation {
        var talk = coordinator()
        talk.send(FrameMutation.step([.open(1), .rows(1, at: 0, 6)]))
        talk.awaitStep()
        talk.send(FrameMutation.step([.rows(1, at: 6, 1, output: 1)], number: 2))
        talk.send(
            FrameMutation.step([.init(sequence: 2, position: 1, count: 5, kind: 3), .rows(2, at: 5, 2)], number: 3))
        talk.send(
            FrameMutation.step([.init(sequence: 1, position: 3, kind: 4), .rows(1, at: 3, 2, output: 0)], number: 4))
        talk.send(FrameMutation.step([.rows(1, at: 0, 5, output: 0)], number: 5, replayThrough: 0))
        talk.awaitStep()
        talk.send(FrameMutation.step([.init(sequence: 1, kind: 5), .init(sequence: 2, kind: 5)], number: 6))
        talk.say(.unloadStages(UnloadStages(epochsThrough: 1)), request: 4)
        talk.say(.goodbye(Goodbye(reason: "done")))
        return talk
    }

    private var twoStages: Conversation {
        var talk = Conversation()
        talk.open(0, .coordinator)
        talk.say(.loadStage(load(Self.end, stage: 1)), request: 1)
        talk.say(
            .loadStage(load(Self.beginning, next: .worker(address: Self.ownAddress, stage: 1))), request: 2)
        talk.send(FrameMutation.step([.open(1), .rows(1, at: 0, 6)]))
        talk.awaitStep()
        for number in 0..<3 {
            talk.send(FrameMutation.step([.rows(1, at: UInt32(6 + number), 1)], number: UInt64(2 + number)))
        }
        talk.awaitStep()
        return talk
    }

    private var fromUpstream: Conversation {
        var talk = Conversation()
        talk.open(0, .coordinator)
        talk.say(.loadStage(load(Self.end, stage: 1)), request: 1)
        talk.open(1, .upstream)
        talk.send(FrameMutation.step([.open(1), .rows(1, at: 0, 6)], stage: 1, width: 32), on: 1)
        talk.send(FrameMutation.step([.rows(1, at: 6, 2, output: 1)], stage: 1, number: 2, width: 32), on: 1)
        talk.awaitStep()
        talk.send(
            FrameMutation.step([.rows(1, at: 0, 4, output: 0)], stage: 1, number: 3, width: 32, replayThrough: 1), on: 1
        )
        talk.awaitStep()
        return talk
    }

    private var tools: Conversation {
        var talk = Conversation()
        talk.open(2, .inspector, session: 0)
        talk.say(.describeDevice(DescribeDevice()), request: 1, on: 2)
        talk.say(.linkProbe(LinkProbe(payload: [1, 2, 3], replyBytes: 1000)), request: 2, on: 2, awaits: false)
        talk.say(.linkProbe(LinkProbe(payload: [1], replyBytes: 512 << 10)), request: 3, on: 2, awaits: false)
        talk.say(.shardInquiry(ShardInquiry(ids: shards.ids(layers: 0..<2))), request: 4, on: 2)
        talk.say(.ping(Ping(nonce: 5, timesNext: true)), on: 2)
        talk.say(.describeDevice(DescribeDevice()), request: 5, on: 2)
        talk.say(.describeDevice(DescribeDevice(diagnose: true)), request: 6, on: 2)
        return talk
    }

    private static let other = [UInt8](repeating: 7, count: 3000)

    private var storing: Conversation {
        var talk = coordinator()
        let id = ShardID.of(Self.other)
        talk.say(.shardInquiry(ShardInquiry(ids: [id])), request: 4)
        for piece in TestShards.pieces(Self.other, id: id, size: 1000)
            + TestShards.pieces([1, 2, 3, 4], id: id, size: 2)
        {
            talk.send((try? Samples.bytes(of: .piece(piece))).map { Array($0.readableBytesView) } ?? [])
        }
        talk.open(3, .shards)
        talk.say(.shardInquiry(ShardInquiry(ids: [id])), request: 1, on: 3)
        talk.say(.shardRequest(ShardRequest(id: id, offset: 10, count: 2000)), request: 2, on: 3, awaits: false)
        talk.say(
            .shardRequest(ShardRequest(id: shards.id(.head), offset: 0, count: 1000)), request: 3, on: 3, awaits: false)
        return talk
    }

    private var fetching: Conversation {
        var talk = Conversation()
        talk.open(0, .coordinator)
        let bytes = shards.bytes(.embedding).count
        talk.say(
            .fetchShard(FetchShard(id: shards.id(.embedding), totalBytes: UInt64(bytes), addresses: [Self.ownAddress])),
            request: 1)
        talk.say(
            .fetchShard(FetchShard(id: Samples.id(9), totalBytes: 5000, addresses: [Self.ownAddress, "127.0.0.1:1"])),
            request: 2)
        return talk
    }

    private var fed: Conversation {
        var talk = coordinator()
        talk.send(
            FrameMutation.step([.open(1), .rows(1, at: 0, 70, output: 0), .open(2), .rows(2, at: 0, 3, output: 1)]))
        talk.awaitStep()
        return talk
    }

    private var caches: Conversation {
        var talk = fed
        talk.open(4, .caches)
        talk.say(.describeDevice(DescribeDevice()), request: 1, on: 4)
        talk.say(.cacheInquiry(CacheInquiry(epoch: 1, stage: 0)), request: 2, on: 4)
        talk.say(
            .cacheRequest(CacheRequest(epoch: 1, stage: 0, sequence: 1, layers: 0..<2, pages: 0..<2)), request: 3,
            on: 4,
            awaits: false)
        talk.say(
            .cacheRequest(CacheRequest(epoch: 1, stage: 0, sequence: 2, layers: 1..<2, pages: 0..<1)), request: 4,
            on: 4,
            awaits: false)
        talk.say(.cacheInquiry(CacheInquiry(epoch: 1, stage: 0)), request: 5, on: 4)
        return talk
    }

    private static let kept = [
        KeptSequence(sequence: 1, positions: 70), KeptSequence(sequence: 2, positions: 3),
        KeptSequence(sequence: 3, positions: 9, trims: 1),
    ]

    private var takingOver: Conversation {
        var talk = fed
        talk.say(
            .loadStage(load(Self.whole, epoch: 2, caches: [CacheSource(epoch: 1, stage: 0)], sequences: Self.kept)),
            request: 4)
        talk.send(FrameMutation.step([.rows(1, at: 70, 2)], epoch: 2, number: 2))
        talk.awaitStep()
        let source = CacheSource(epoch: 2, stage: 0, address: Self.ownAddress)
        talk.say(.loadStage(load(Self.end, epoch: 3, stage: 1, caches: [source], sequences: Self.kept)), request: 5)
        talk.send(FrameMutation.step([.rows(1, at: 64, 2)], epoch: 3, stage: 1, number: 3, width: 32))
        talk.awaitStep()
        return talk
    }

    private var following: Conversation {
        var talk = fed
        var standby = load(
            Self.end, epoch: 2, stage: 7, caches: [CacheSource(epoch: 1, stage: 0, address: Self.ownAddress)])
        standby.standby = true
        talk.say(.loadStage(standby), request: 4)
        talk.send(FrameMutation.step([.rows(1, at: 70, 2)], number: 2))
        talk.awaitStep()
        talk.say(
            .loadStage(
                load(Self.end, epoch: 3, stage: 1, caches: [CacheSource(epoch: 2, stage: 7)], sequences: Self.kept)),
            request: 5)
        return talk
    }

    private var measuring: Conversation {
        var talk = Conversation()
        talk.open(2, .inspector, session: 0)
        talk.say(.measureLink(MeasureLink(address: "127.0.0.1:1")), request: 1, on: 2)
        talk.say(.describeDevice(DescribeDevice()), request: 2, on: 2)
        return talk
    }

    private var twoCoordinators: Conversation {
        var talk = coordinator()
        talk.open(5, .coordinator, session: 2)
        talk.say(.loadStage(load(Self.noLayers)), request: 1, on: 5)
        talk.send(FrameMutation.step([.open(1), .rows(1, at: 0, 9)]), on: 5)
        talk.awaitStep(on: 5)
        // The session's newer link takes the place of the first.
        talk.open(6, .coordinator)
        talk.say(.describeDevice(DescribeDevice()), request: 1, on: 6)
        talk.send(FrameMutation.step([.open(1)]), on: 0)
        return talk
    }
}
