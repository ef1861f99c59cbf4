import CoordinatorCore
import TestSupport
import Testing
import Wire

/// Who gives which shard to whom.
struct ShardDistributionTests {
    private func shard(_ number: UInt8, bytes: Int = 4 << 20) -> ShardDistribution.Shard {
        ShardDistribution.Shard(id: ShardID([UInt8](repeating: number, count: 32))!, bytes: bytes)
    }

    @Test func `what nobody holds the coordinator sends, two shards to a device at a time`() {
        var distribution = ShardDistribution()
        distribution.add(lacking: ["a": [shard(1), shard(2), shard(3)], "b": [shard(4)]], holders: [:])
        let first = distribution.begin()
        #expect(first.map(\.device) == ["a", "a", "b"])
        #expect(first.map(\.shard) == [shard(1), shard(2), shard(4)])
        #expect(first.allSatisfy { $0.sources.isEmpty })
        #expect(distribution.begin() == [])
        distribution.finished(first[1], arrived: true)
        let second = distribution.begin()
        #expect(second.map(\.shard) == [shard(3)])
        for transfer in [first[0], first[2], second[0]] { distribution.finished(transfer, arrived: true) }
        #expect(distribution.isDone)
    }

    @Test func `what another device holds comes from there, from the least busy one first`() {
        var distribution = ShardDistribution()
        distribution.add(
            lacking: ["c": [shard(1), shard(2)]],
            holders: [shard(1).id: ["a", "b"], shard(2).id: ["a", "b"]])
        #expect(distribution.begin().map(\.sources) == [["a", "b"], ["b", "a"]])
    }

    @Test func `a device gives to two others at a time`() {
        var distribution = ShardDistribution()
        distribution.add(lacking: ["b": [shard(1)], "c": [shard(1)], "d": [shard(1)]], holders: [shard(1).id: ["a"]])
        let first = distribution.begin()
        #expect(first.map(\.device) == ["b", "c"])
        distribution.finished(first[0], arrived: true)
        // Now there are two that can give it, and one is less busy.
        #expect(distribution.begin().map(\.sources) == [["b", "a"]])
    }

    @Test func `a large shard that two devices need is sent to one and passed on, a small one is sent to both`() {
        var distribution = ShardDistribution()
        distribution.add(
            lacking: ["a": [shard(1, bytes: 10), shard(2)], "b": [shard(1, bytes: 10), shard(2)]], holders: [:])
        let first = distribution.begin()
        #expect(first.map(\.shard.bytes).sorted() == [10, 10, 4 << 20])
        #expect(first.allSatisfy { $0.sources.isEmpty })
        let large = first.first { $0.shard == shard(2) }!
        for transfer in first { distribution.finished(transfer, arrived: true) }
        let second = distribution.begin()
        #expect(second.map(\.sources) == [[large.device]])
        distribution.finished(second[0], arrived: true)
        #expect(distribution.isDone)
    }

    @Test func `what devices fail to give the coordinator sends`() {
        var distribution = ShardDistribution()
        distribution.add(lacking: ["b": [shard(1)]], holders: [shard(1).id: ["a"]])
        let first = distribution.begin()
        #expect(first.map(\.sources) == [["a"]])
        distribution.finished(first[0], arrived: false)
        #expect(!distribution.isDone)
        let second = distribution.begin()
        #expect(second.map(\.sources) == [[]])
        distribution.finished(second[0], arrived: true)
        #expect(distribution.isDone)
    }

    @Test func `who did not give a shard is not asked for another by the same device`() {
        var distribution = ShardDistribution()
        distribution.add(lacking: ["b": [shard(1)]], holders: [shard(1).id: ["a"]])
        let first = distribution.begin()
        #expect(first.map(\.sources) == [["a"]])
        for transfer in first { distribution.finished(transfer, arrived: false) }
        distribution.add(
            lacking: ["b": [shard(2)], "c": [shard(2)]], holders: [shard(2).id: ["a"]])
        let next = distribution.begin()
        #expect(next.filter { $0.device == "b" }.map(\.sources) == [[], []])
        #expect(next.filter { $0.device == "c" }.map(\.sources) == [["a"]])
    }

    @Test(arguments: 1...200)
    func `everything arrives, within the bounds, and large shards are sent once unless a device fails`(
        seed: UInt64
    ) {
        var generator = SeededGenerator(seed: seed)
        let devices = (0..<Int.random(in: 1...6, using: &generator)).map { "d\($0)" }
        let shards = (0..<UInt8.random(in: 1...30, using: &generator)).map {
            shard($0, bytes: .random(using: &generator) ? 1000 : 2 << 20)
        }
        var lacking: [String: [ShardDistribution.Shard]] = [:]
        var holders: [ShardID: Set<String>] = [:]
        for device in devices {
            for shard in shards {
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: holders[shard.id, default: []].insert(device)
                case 1, 2: lacking[device, default: []].append(shard)
                default: break
                }
            }
        }
        let fails = Bool.random(using: &generator)
        var distribution = ShardDistribution()
        // Some is not known at the beginning.
        let late = Set(shards.map(\.id).filter { _ in .random(using: &generator) })
        distribution.add(
            lacking: lacking.mapValues { $0.filter { !late.contains($0.id) } },
            holders: holders.filter { !late.contains($0.key) })
        var isComplete = false
        var active: [ShardDistribution.Transfer] = []
        var sent: [ShardID: Int] = [:]
        var arrived: [String: Set<ShardID>] = [:]
        while true {
            active += distribution.begin()
            for device in devices {
                let to = active.filter { $0.device == device }
                #expect(to.count { $0.sources.isEmpty } <= ShardDistribution.sendsPerDevice)
                #expect(to.count { !$0.sources.isEmpty } <= ShardDistribution.fetchesPerDevice)
                #expect(active.count { $0.sources.first == device } <= ShardDistribution.uploadsPerDevice)
            }
            if !isComplete, active.isEmpty || Int.random(in: 0..<5, using: &generator) == 0 {
                distribution.add(
                    lacking: lacking.mapValues { $0.filter { late.contains($0.id) } },
                    holders: holders.filter { late.contains($0.key) })
                isComplete = true
                continue
            }
            guard let index = active.indices.randomElement(using: &generator) else { break }
            let transfer = active.remove(at: index)
            for source in transfer.sources {
                #expect(
                    holders[transfer.shard.id]?.contains(source) == true
                        || arrived[source]?.contains(transfer.shard.id) == true)
            }
            let arrives =
                transfer.sources.isEmpty || !(fails && Int.random(in: 0..<3, using: &generator) == 0)
            if transfer.sources.isEmpty { sent[transfer.shard.id, default: 0] += 1 }
            if arrives { arrived[transfer.device, default: []].insert(transfer.shard.id) }
            distribution.finished(transfer, arrived: arrives)
        }
        #expect(distribution.isDone)
        for (device, shards) in lacking { #expect(arrived[device] == Set(shards.map(\.id))) }
        guard !fails else { return }
        for shard in shards where shard.bytes >= ShardDistribution.smallestShared {
            #expect(sent[shard.id] ?? 0 <= (holders[shard.id] == nil ? 1 : 0))
        }
    }
}
