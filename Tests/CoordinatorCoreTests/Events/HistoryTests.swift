import ClusterStore
import CoordinatorCore
import Placement
import Sampling
import Synchronization
import TestSupport
import Testing

/// The record of a cluster's life, as a value and in a store.
@Suite(.timeLimit(.minutes(10)))
struct HistoryTests {
    private func event(_ device: String) -> HistoryEvent { HistoryEvent(.lost, device: device, reason: "gone") }

    @Test func `events are numbered, timed, and the oldest go`() {
        var ring = HistoryRing(capacity: 3)
        #expect(ring.last == 0 && ring.events(after: 0) == [])
        for index in 1...5 { ring.add(event("d\(index)"), at: Double(100 + index)) }
        #expect(ring.events.map(\.number) == [3, 4, 5])
        #expect(ring.events.map(\.time) == [103, 104, 105])
        #expect(ring.last == 5)
        #expect(ring.events(after: 0).map(\.device) == ["d3", "d4", "d5"])
        #expect(ring.events(after: 4).map(\.device) == ["d5"])
        #expect(ring.events(after: 5) == [])
        #expect(ring.events(after: .max) == [])
        #expect(ring.events(after: 2, most: 2).map(\.number) == [3, 4])
    }

    @Test func `what was kept goes on, whatever gaps and doubles it has`() {
        let kept = [7, 2, 4, 4, 0, UInt64.max].map { number in
            var event = event("k\(number)")
            event.number = number
            return event
        }
        var ring = HistoryRing(capacity: 10, kept: kept)
        #expect(ring.events.map(\.number) == [2, 4, 7])
        #expect(ring.add(event("new"), at: 1).number == 8)
        // Against a plain filter, for every number.
        for number in UInt64(0)...9 {
            #expect(ring.events(after: number).map(\.number) == [2, 4, 7, 8].filter { $0 > number })
        }
        #expect(HistoryRing(capacity: 2, kept: kept).events.map(\.number) == [4, 7])
    }

    @Test func `layers that change hands are told as runs`() {
        let before = [("a", 0..<4), ("b", 4..<8)].map { (device: $0.0, layers: $0.1) }
        func moves(_ after: [(String, Range<Int>)]) -> [HistoryEvent.Move] {
            HistoryEvent.Move.moves(from: before, to: after.map { (device: $0.0, layers: $0.1) })
        }
        #expect(moves([("a", 0..<4), ("b", 4..<8)]) == [])
        #expect(moves([("a", 0..<8)]) == [.init(from: "b", to: "a", layers: 4..<8)])
        #expect(
            moves([("c", 0..<6), ("b", 6..<8)]) == [
                .init(from: "a", to: "c", layers: 0..<4), .init(from: "b", to: "c", layers: 4..<6),
            ])
        #expect(
            HistoryEvent.Move.moves(from: [], to: [(device: "a", layers: 0..<2)]) == [
                .init(from: nil, to: "a", layers: 0..<2)
            ])
    }

    @Test func `words tell what happened, why and what moved`() {
        var lost = HistoryEvent(.lost, device: "pi2", reason: "nothing was heard for 5 s")
        lost.seconds = 185
        #expect(lost.words == "lost after 3 min 5 s: nothing was heard for 5 s")
        var placed = HistoryEvent(.placed, model: "tiny")
        placed.seconds = 1.25
        placed.moves = [.init(from: "pi2", to: "pi1", layers: 4..<8), .init(from: nil, to: "pi3", layers: 8..<9)]
        placed.sentBytes = 1 << 20
        #expect(placed.words == "placed in 1.3 s; layers 4-7 from pi2 to pi1, layer 8 to pi3, sent 1.0 MiB")
        #expect(HistoryEvent.duration(-1) == "0 s" && HistoryEvent.duration(.nan) == "0 s")
        #expect(HistoryEvent.duration(7200) == "2 h 0 min" && HistoryEvent.duration(1e300).hasSuffix("h"))
        for kind in HistoryEvent.Kind.allCases { #expect(!HistoryEvent(kind).words.isEmpty) }
    }

    @Test func `a store keeps the latest for the next run`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let store = try ClusterStore(folder: folder.path)
        let time = Mutex(0.0)
        func history() -> ClusterHistory {
            ClusterHistory(store: store, capacity: 4) {
                time.withLock { time in
                    time += 1
                    return time
                }
            }
        }
        let first = history()
        for index in 1...6 { first.note(event("d\(index)")) }
        first.end()
        let second = history()
        #expect(second.events(after: 0).events == first.events(after: 0).events)
        #expect(second.events(after: 0).events.map(\.device) == ["d3", "d4", "d5", "d6"])
        second.note(event("d7"))
        second.end()
        let third = history().events(after: 0)
        #expect(third.last == 7)
        #expect(third.events.map(\.number) == [4, 5, 6, 7])
        #expect(try store.events(most: 100).count == 4)
    }

    @Test func `who follows hears of everything, and of the end; too many are refused`() async {
        let history = ClusterHistory()
        let streams = (0..<ClusterHistory.mostFollowers).compactMap { _ in history.follow() }
        #expect(streams.count == ClusterHistory.mostFollowers)
        #expect(history.follow() == nil)
        let heard = Task {
            var last: UInt64 = 0
            for await _ in streams[0] { last = history.events(after: last).last }
            return last
        }
        for index in 0..<5000 { history.note(event("d\(index)")) }
        history.end()
        _ = await heard.value
        #expect(history.events(after: 0).last == 5000)
        #expect(history.events(after: 0).events.count == HistoryRing.standardCapacity)
        // After the end nobody waits for ever.
        for await _ in history.follow()! {}
    }

    @Test func `a device that is lost and comes back is told of with reasons and what moved`() async throws {
        var model = TinyModel()
        model.layers = 6
        let cluster = try await LocalCluster.start(model: model, workers: 2)
        let history = cluster.coordinator.history
        let first = history.events(after: 0).events
        #expect(first.map(\.event) == [.placing, .placed])
        #expect(first[1].moves?.reduce(0) { $0 + $1.lastLayer - $1.firstLayer } == 6)
        #expect(first[1].moves?.allSatisfy { $0.from == nil } == true)
        #expect(first[1].sentBytes.map { $0 > 0 } == true)
        let epoch = await cluster.coordinator.report().epoch
        await cluster.workers[0].kill()
        try await cluster.when { $0.epoch > epoch && !$0.stages.map(\.device).contains("w1") }
        while cluster.coordinator.readiness != .ready { try await Task.sleep(for: .milliseconds(10)) }
        let afterLoss = history.events(after: first[1].number).events
        #expect(afterLoss.filter { $0.event == .lost }.map(\.device) == ["w1"])
        let lost = try #require(afterLoss.first { $0.event == .lost })
        #expect(lost.reason?.isEmpty == false && lost.seconds != nil)
        // Another worker may have noticed first.
        #expect(afterLoss.contains { $0.event == .suspended })
        let placed = try #require(afterLoss.last { $0.event == .placed })
        #expect(placed.moves?.allSatisfy { $0.from == "w1" && $0.to != "w1" } == true)
        #expect(placed.moves?.isEmpty == false)
        #expect(afterLoss.contains { $0.event == .resumed && $0.seconds != nil })
        try await cluster.workers[0].restart()
        while !history.events(after: lost.number).events.contains(where: { $0.event == .returned && $0.device == "w1" })
        {
            try await Task.sleep(for: .milliseconds(20))
        }
        let returned = history.events(after: lost.number).events.filter { $0.event == .returned }
        #expect(returned.count == 1 && returned[0].seconds != nil && returned[0].address != nil)
        #expect(
            cluster.progress.contains {
                if case .note(let text) = $0 { text.hasPrefix("w1 is back after") } else { false }
            })
        // Drained and refilled by hand.
        _ = try await cluster.coordinator.drain(device: "w2")
        _ = try await cluster.coordinator.refill(device: "w2")
        let last = history.events(after: returned[0].number).events.map(\.event)
        #expect(last.contains(.drained) && last.contains(.refilled))
        await cluster.stop()
    }
}
