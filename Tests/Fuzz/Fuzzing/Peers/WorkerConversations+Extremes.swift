import ModelParts
import NIOCore
import TestSupport
import Wire

/// Conversations that ask for as much as may be.
extension WorkerConversations {
    var extremes: [Conversation] {
        [wantedRows(65_536), wantedRows(22_000), hugeContext, manySequences, unreadReplies, endlessPieces, deepLoops]
    }

    /// Results of so many rows.
    private func wantedRows(_ count: UInt32) -> Conversation {
        var load = load(Self.noLayers)
        load.context = 1 << 20
        var talk = coordinator(load)
        talk.send(FrameMutation.step([.open(1), .rows(1, at: 0, count)]))
        talk.awaitStep()
        return talk
    }

    private var hugeContext: Conversation {
        var load = load(Self.whole)
        load.context = 1 << 24
        var talk = coordinator(load)
        talk.send(FrameMutation.step([.open(1), .open(2), .open(3), .open(4), .rows(1, at: 0, 3)]))
        talk.awaitStep()
        return talk
    }

    private var manySequences: Conversation {
        var load = load(Self.whole)
        load.slots = WireLimits.slots
        load.sequences = (0..<20_000).map { KeptSequence(sequence: $0, positions: 200) }
        var talk = coordinator(load)
        talk.send(FrameMutation.step((0..<60_000).map { .open($0) }))
        talk.awaitStep()
        return talk
    }

    /// Replies of 512 KiB that nobody reads, over links of each role.
    private var unreadReplies: Conversation {
        var talk = Conversation()
        for (link, role) in [LinkRole.coordinator, .upstream, .inspector, .shards, .caches].enumerated() {
            talk.open(link, role)
            let probe = Conversation.frame(.linkProbe(LinkProbe(payload: [1], replyBytes: 512 << 10)), request: 1)
            talk.send(probe, on: link, times: 400)
        }
        return talk
    }

    /// Beginnings of shards that never end.
    private var endlessPieces: Conversation {
        var talk = Conversation()
        talk.open(0, .coordinator)
        for number in 0..<200 {
            let id = ShardID.of([UInt8(number)])
            talk.send(
                (try? Samples.bytes(
                    of: .piece(
                        ShardPiece(id: id, offset: 0, totalBytes: 1 << 40, bytes: .init(repeating: 1, count: 4096)))))
                    .map { Array($0.readableBytesView) } ?? [])
        }
        talk.say(.describeDevice(DescribeDevice()), request: 1)
        return talk
    }

    /// Stages that send to the worker itself, over and over.
    private var deepLoops: Conversation {
        var talk = Conversation()
        talk.open(0, .coordinator)
        for stage in (0..<24).reversed() {
            let range = StageRange(layers: 0..<1)
            talk.say(
                .loadStage(
                    load(range, stage: UInt32(stage), next: .worker(address: Self.ownAddress, stage: UInt32(stage + 1)))
                ),
                request: UInt64(1 + stage))
        }
        for number in 0..<200 {
            talk.send(
                FrameMutation.step(
                    [
                        .open(UInt32(number % 4)), .rows(UInt32(number % 4), at: 0, 20, output: 0),
                        .init(sequence: UInt32(number % 4), kind: 5),
                    ],
                    number: UInt64(number), width: 32))
        }
        return talk
    }
}
