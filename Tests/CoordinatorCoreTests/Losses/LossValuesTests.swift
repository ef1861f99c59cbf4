import ModelParts
import CoordinatorCore
import Testing
import Wire

/// What is decided of losses, told the time.
struct LossValuesTests {
    private let start = ContinuousClock.now

    @Test func `who comes no further for the limit is found, and any headway begins anew`() {
        var watch = HeadwayWatch()
        func look(at reached: UInt64) -> Bool { watch.look(at: reached, every: .seconds(1), limit: .seconds(3)) }
        #expect((0..<3).map { _ in look(at: 5) } == [false, false, false])
        #expect(!look(at: 6))
        #expect((0..<3).map { _ in look(at: 6) } == [false, false, true])
        #expect(watch.waited == .seconds(3))
        #expect(!look(at: 7))
    }

    @Test func `bytes that come more slowly than the slowest link are found, however often they are told`() {
        func seconds(of bytesPerLook: UInt64) -> Int? {
            var watch = HeadwayWatch()
            return (0..<100_000).first {
                watch.look(
                    at: UInt64($0) * bytesPerLook, every: .seconds(1), limit: .seconds(60), bytesPerSecond: 50_000)
            }
        }
        #expect(seconds(of: 0) == 60)
        #expect(seconds(of: 1) == 61)
        #expect(seconds(of: 25_000) == 120)
        #expect(seconds(of: 49_000) == 3000)
        #expect(seconds(of: 50_000) == nil)
    }

    @Test func `what came fast does not let what follows take longer, nor does a number that falls`() {
        var watch = HeadwayWatch()
        func look(at reached: UInt64) -> Bool {
            watch.look(at: reached, every: .seconds(1), limit: .seconds(3), bytesPerSecond: 10)
        }
        #expect([0, 1_000_000_000, .max, 5, 5].map { look(at: $0) } == [false, false, false, false, false])
        #expect(look(at: 5))
        #expect(watch.elapsed == .seconds(5))
    }

    private func load(_ stage: UInt32) -> LoadStage {
        LoadStage(
            epoch: 7, stage: stage, range: StageRange(embedding: false, layers: 0..<1, head: false),
            shards: [], modelName: "tiny", compute: .int8, context: 64, slots: 1, next: .coordinator)
    }

    @Test func `progress counts of stages that were asked for, up to what they have, and once`() {
        var count = HeadwayCount()
        func tell(_ done: UInt64, of total: UInt64, stage: UInt32 = 2, epoch: UInt32 = 7) -> Bool {
            count.progress(StageProgress(epoch: epoch, stage: stage, done: done, total: total))
        }
        #expect(!tell(1, of: 100))
        count.asked(for: load(2), bytes: 100)
        #expect(tell(10, of: 100) && count.loading == 10)
        #expect(tell(10, of: 100) && tell(5, of: 100) && count.loading == 10)
        // Not of another stage or placement, nor of more than what was asked for.
        #expect(!tell(20, of: 100, stage: 3) && !tell(20, of: 100, epoch: 8) && !tell(20, of: 1 << 40))
        #expect(count.loading == 10)
        // What cannot be kept packed is loaded twice.
        #expect(tell(200, of: 200) && count.loading == 200)
        count.answered(load(2), isLoaded: true)
        #expect(!tell(150, of: 200) && count.loading == 200)
        // One that was there is loaded at once.
        count.asked(for: load(3), bytes: 50)
        count.answered(load(3), isLoaded: true)
        #expect(count.loading == 250)
        count.asked(for: load(4), bytes: 50)
        count.answered(load(4), isLoaded: false)
        #expect(count.loading == 250)
    }

    @Test func `what is held counts of shards that are on their way, up to their length, and once`() {
        let (one, other) = (ShardID([UInt8](repeating: 1, count: 32))!, ShardID([UInt8](repeating: 2, count: 32))!)
        var count = HeadwayCount()
        count.holds(10, of: one)
        #expect(count.receiving == 0)
        count.expect(one, bytes: 100)
        count.holds(10, of: one)
        count.holds(10, of: one)
        count.holds(5, of: one)
        count.holds(50, of: other)
        #expect(count.receiving == 10)
        count.holds(.max, of: one)
        count.stored(one)
        #expect(count.receiving == 100)
        // One that arrived damaged is brought anew.
        count.expect(one, bytes: 100)
        count.stored(one)
        count.forget(one)
        count.stored(one)
        #expect(count.receiving == 200)
    }

    @Test func `who is left out for longest comes back last`() {
        #expect(Suspicion.choices([:]) == [[]])
        let until = ["a": start + .seconds(30), "b": start + .seconds(5), "c": start + .seconds(30)]
        #expect(Suspicion.choices(until) == [["a", "b", "c"], ["a", "c"], ["a"], []])
        let many = Dictionary(uniqueKeysWithValues: (0..<100).map { ("w\($0)", start + .seconds($0)) })
        let choices = Suspicion.choices(many)
        #expect(choices.count <= 9 && choices.first?.count == 100 && choices.last == [])
        #expect(choices.dropLast().allSatisfy { $0.contains("w99") })
    }

    private func culprit(_ sent: UInt64, _ steps: [UInt64?], refused: [UInt64] = [0, 0, 0, 0]) -> String? {
        let stages = steps.enumerated().map { index, steps in
            // The first and the last are the coordinator's.
            Standstill.Stage(
                device: index == 0 || index == 3 ? "own" : "w\(index)", isOwn: index == 0 || index == 3, steps: steps,
                refused: refused[index])
        }
        return Standstill.culprit(sent: sent, stages: stages)
    }

    @Test func `the first stage that has not sent on what came is the reason`() {
        #expect(culprit(10, [10, 9, 9, 9]) == "w1")
        #expect(culprit(10, [10, 10, 8, 8]) == "w2")
        // Who has refused a step is done with it.
        #expect(culprit(10, [10, 8, 7, 7], refused: [0, 2, 0, 0]) == "w2")
        // One that says nothing of its stage.
        #expect(culprit(10, [10, nil, 0, 0]) == "w1")
        // What this process did not get, the one before it has not sent; nor has the last one what did not come back.
        #expect(culprit(10, [10, 10, 10, 9]) == "w2")
        #expect(culprit(10, [10, 10, 10, 10]) == "w2")
        #expect(culprit(10, [9, 9, 9, 9]) == nil)
        // Numbers that cannot be.
        #expect(culprit(10, [10, .max, 9, 9], refused: [0, .max, 0, 0]) == "w2")
    }

    /// Each loss is of a placement of its own.
    private struct Losses {
        var record = LossRecord()
        var epoch: UInt32 = 0

        mutating func placed(on devices: Set<String>, at now: ContinuousClock.Instant) {
            record.placed(on: devices, at: now)
        }

        mutating func lost(_ device: String, isIdle: Bool, at now: ContinuousClock.Instant) -> Duration {
            epoch += 1
            return record.lost(device, isIdle: isIdle, placement: epoch, at: now)
        }
    }

    @Test func `a loss that several tell of is one`() {
        var record = LossRecord()
        for epoch in 1...2 as ClosedRange<UInt32> {
            record.placed(on: ["w1"], at: start)
            let pauses = (0..<5).map { _ in record.lost("w1", isIdle: false, placement: epoch, at: start) }
            #expect(pauses == [epoch == 1 ? .zero : .seconds(1)] + Array(repeating: .zero, count: 4))
        }
    }

    @Test func `a device that is lost again and again is left out for longer each time`() {
        var record = Losses()
        var now = start
        var pauses: [Duration] = []
        for _ in 0..<12 {
            record.placed(on: ["w1", "w2"], at: now)
            now += .milliseconds(10)
            pauses.append(record.lost("w1", isIdle: false, at: now))
            now += pauses.last!
        }
        #expect(pauses.prefix(5) == [.zero, .seconds(1), .seconds(2), .seconds(4), .seconds(8)])
        #expect(pauses.last == .seconds(300))
        // Another one's losses are its own.
        #expect(record.lost("w2", isIdle: false, at: now) == .zero)
        // One that held for a while is used again at once, and one that held for long begins anew.
        record.placed(on: ["w1"], at: now)
        #expect(record.lost("w1", isIdle: false, at: now + LossRecord.soon) == .zero)
        record.placed(on: ["w1"], at: now)
        #expect(record.lost("w1", isIdle: false, at: now + LossRecord.forgiven) == .zero)
        record.placed(on: ["w1"], at: now)
        #expect(record.lost("w1", isIdle: false, at: now) == .zero)
        #expect(record.lost("w1", isIdle: false, at: now) == .seconds(1))
    }

    @Test func `the placements of others do not make a device new`() {
        var record = Losses()
        for second in 0..<20 { record.placed(on: ["w1"], at: start + .seconds(second)) }
        #expect(record.lost("w1", isIdle: false, at: start + .seconds(20)) == .zero)
        #expect(record.lost("w1", isIdle: false, at: start + .seconds(20)) == .zero)
    }

    @Test func `a device that does no work is left out at once, and ever longer`() {
        var record = Losses()
        #expect(
            (0..<3).map { _ in record.lost("w1", isIdle: true, at: start) } == [
                .seconds(60), .seconds(120), .seconds(240),
            ])
        #expect((0..<20).map { _ in record.lost("w1", isIdle: true, at: start) }.last == .seconds(3600))
    }

    @Test func `placements that come to nothing follow each other ever more slowly`() {
        var pace = PlacingPace()
        var now = start
        var placements = 0
        while now < start + .seconds(60) {
            now += pace.next(tokens: 7, at: now) + .milliseconds(10)
            placements += 1
        }
        #expect(placements <= 20)
        // One of use is followed at once.
        #expect(pace.next(tokens: 8, at: now) == .zero)
    }
}
