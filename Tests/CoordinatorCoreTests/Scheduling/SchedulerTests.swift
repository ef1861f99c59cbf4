import CoordinatorCore
import Testing
import Wire

struct SchedulerTests {
    private func scheduler(
        context: Int = 64, slots: Int = 4, stages: Int = 1, rows: Int = 8
    ) -> Scheduler {
        Scheduler(limits: .init(context: context, slots: slots, stages: stages, rowsPerStep: rows))
    }

    /// Sends the next step and takes its results at once.
    private func turn(_ scheduler: inout Scheduler) -> Scheduler.PlannedStep? {
        guard let step = scheduler.next(at: 0) else { return nil }
        return scheduler.complete(step: step.id, at: 0)
    }

    @Test func `nobody to serve is no step`() {
        var scheduler = scheduler()
        #expect(scheduler.next(at: 0) == nil)
        #expect(scheduler.complete(step: 1, at: 0) == nil)
    }

    @Test func `sequences are numbered from the first number on, also after a reset`() {
        let limits = Scheduler.Limits(context: 64, slots: 4, stages: 1, rowsPerStep: 8)
        var scheduler = Scheduler(limits: limits, firstSequence: 1_000_000)
        #expect(scheduler.add(tokens: [5], results: .last) == 1_000_000)
        scheduler.reset(limits: limits)
        #expect(scheduler.add(tokens: [5], results: .last) == 1_000_001)
    }

    @Test func `logits of a whole text come a few rows at a time, and no more of them are on their way`() {
        var limits = Scheduler.Limits(context: 64, slots: 4, stages: 3, rowsPerStep: 64)
        limits.resultRows = 10
        var scheduler = Scheduler(limits: limits)
        _ = scheduler.add(tokens: Array(repeating: 5, count: 37), results: .all)
        var flying: [Scheduler.PlannedStep] = []
        var rows = 0, most = 0
        while rows < 37 {
            while let step = scheduler.next(at: 0) { flying.append(step) }
            let onTheWay = flying.reduce(0) { $0 + $1.results.reduce(0) { $0 + $1.rows } }
            most = max(most, onTheWay)
            guard !flying.isEmpty else { break }
            let step = flying.removeFirst()
            rows += step.results.reduce(0) { $0 + $1.rows }
            #expect(scheduler.complete(step: step.id, at: 0) != nil)
        }
        #expect(rows == 37)
        #expect(most == 10)
    }

    @Test func `no step has more last rows than may come back, and all get theirs`() {
        var limits = Scheduler.Limits(context: 64, slots: 8, stages: 1, rowsPerStep: 64)
        limits.resultRows = 3
        var scheduler = Scheduler(limits: limits)
        let ids = (0..<8).map { scheduler.add(tokens: Array(repeating: 5, count: $0 + 1), results: .last) }
        var answered: Set<UInt32> = []
        for _ in 0..<20 {
            guard let step = turn(&scheduler) else { continue }
            #expect(step.results.count <= 3)
            answered.formUnion(step.results.map(\.sequence))
        }
        #expect(answered == Set(ids))
    }

    @Test func `a step's logits are bounded by the vocabulary`() {
        let limits = Scheduler.Limits(context: 64, slots: 4, stages: 1, vocabulary: 128_000)
        #expect(limits.resultRows == 65)
        #expect(Scheduler.Limits(context: 64, slots: 4, stages: 1, vocabulary: .max / 8).resultRows == 1)
    }

    @Test func `a prompt is opened, sent whole, and its last row comes back`() {
        var scheduler = scheduler()
        let id = scheduler.add(tokens: [5, 6, 7], results: .last)
        #expect(scheduler.waiting == 1)
        let step = scheduler.next(at: 0)
        #expect(
            step?.entries == [.open(sequence: id), .rows(sequence: id, position: 0, count: 3, output: .last)])
        #expect(step?.tokens == [5, 6, 7])
        #expect(step?.results == [.init(sequence: id, rows: 1)])
        #expect(scheduler.running == 1)
        #expect(scheduler.waiting == 0)
        #expect(scheduler.stepsInFlight == 1)
    }

    @Test func `an answer grows by one row per result and is closed with the step after its end`() {
        var scheduler = scheduler()
        let id = scheduler.add(tokens: [5, 6], results: .last)
        #expect(turn(&scheduler)?.tokens == [5, 6])
        #expect(scheduler.next(at: 0) == nil)
        scheduler.extend(id, with: 9)
        let second = turn(&scheduler)
        #expect(second?.entries == [.rows(sequence: id, position: 2, count: 1, output: .last)])
        #expect(second?.tokens == [9])
        scheduler.remove(id)
        #expect(scheduler.running == 0)
        let last = turn(&scheduler)
        #expect(last?.entries == [.close(sequence: id)])
        #expect(last?.tokens == [])
        #expect(last?.results == [])
        #expect(scheduler.next(at: 0) == nil)
    }

    @Test func `a long prompt goes in chunks that follow each other without waiting`() {
        var scheduler = scheduler(stages: 2, rows: 4)
        let id = scheduler.add(tokens: Array(0..<10), results: .last)
        let steps = [scheduler.next(at: 0), scheduler.next(at: 0), scheduler.next(at: 0)]
        #expect(
            steps.map { $0?.entries.last } == [
                .rows(sequence: id, position: 0, count: 4, output: .none),
                .rows(sequence: id, position: 4, count: 4, output: .none),
                .rows(sequence: id, position: 8, count: 2, output: .last),
            ])
        #expect(steps.map { $0?.results.count } == [0, 0, 1])
        #expect(scheduler.next(at: 0) == nil)
    }

    @Test(arguments: [1, 3, 7, 100]) func `a chunk bounds the rows of a sequence in one step`(chunk: Int) {
        var scheduler = scheduler(rows: 8)
        _ = scheduler.add(tokens: Array(0..<20), results: .all, chunk: chunk)
        var counts: [Int] = []
        while let step = turn(&scheduler) {
            counts.append(step.tokens.count)
            #expect(step.results.map(\.rows) == [step.tokens.count])
        }
        let most = min(chunk, 8)
        #expect(counts == Array(repeating: most, count: 20 / most) + (20 % most == 0 ? [] : [20 % most]))
    }

    @Test func `scoring wants every row, generating only the last`() {
        var scheduler = scheduler(rows: 16)
        let all = scheduler.add(tokens: [1, 2, 3], results: .all)
        let last = scheduler.add(tokens: [4, 5], results: .last)
        let step = scheduler.next(at: 0)
        #expect(
            step?.entries == [
                .open(sequence: all), .open(sequence: last),
                .rows(sequence: all, position: 0, count: 3, output: .all),
                .rows(sequence: last, position: 0, count: 2, output: .last),
            ])
        #expect(step?.results == [.init(sequence: all, rows: 3), .init(sequence: last, rows: 1)])
    }

    @Test func `sequences beyond the slots wait in the order they came`() {
        var scheduler = scheduler(slots: 2)
        let ids = (0..<4).map { scheduler.add(tokens: [UInt32($0)], results: .last) }
        #expect(turn(&scheduler)?.tokens == [0, 1])
        #expect(scheduler.running == 2)
        #expect(scheduler.waiting == 2)
        scheduler.remove(ids[1])
        #expect(
            turn(&scheduler)?.entries == [
                .close(sequence: ids[1]), .open(sequence: ids[2]),
                .rows(sequence: ids[2], position: 0, count: 1, output: .last),
            ])
        scheduler.remove(ids[0])
        #expect(turn(&scheduler)?.tokens == [3])
    }

    @Test func `generating sequences share the steps in flight and take turns`() {
        var scheduler = scheduler(stages: 2)
        let ids = (0..<4).map { scheduler.add(tokens: [UInt32($0)], results: .last) }
        #expect(turn(&scheduler)?.tokens == [0, 1, 2, 3])
        for id in ids { scheduler.extend(id, with: 10 + id) }
        let first = scheduler.next(at: 0)
        let second = scheduler.next(at: 0)
        #expect(first?.results.map(\.sequence) == [ids[0], ids[1]])
        #expect(second?.results.map(\.sequence) == [ids[2], ids[3]])
        #expect(scheduler.next(at: 0) == nil)
        // The first two are ready again while the others are on their way.
        #expect(scheduler.complete(step: first!.id, at: 0) == first)
        for id in ids[..<2] { scheduler.extend(id, with: 20) }
        #expect(scheduler.next(at: 0)?.results.map(\.sequence) == [ids[0], ids[1]])
    }

    @Test func `a prompt fills the room that generating sequences leave`() {
        var scheduler = scheduler(rows: 4)
        let old = scheduler.add(tokens: [1], results: .last)
        _ = turn(&scheduler)
        scheduler.extend(old, with: 2)
        let new = scheduler.add(tokens: Array(0..<9), results: .last)
        #expect(
            turn(&scheduler)?.entries == [
                .open(sequence: new), .rows(sequence: old, position: 1, count: 1, output: .last),
                .rows(sequence: new, position: 0, count: 3, output: .none),
            ])
    }

    @Test(arguments: [true, false]) func `prompts of two clients take turns, those of one go in order`(two: Bool) {
        var scheduler = scheduler(rows: 4)
        let first = scheduler.add(tokens: Array(0..<8), results: .last, client: "a")
        let second = scheduler.add(tokens: Array(0..<8), results: .last, client: two ? "b" : "a")
        var order: [UInt32] = []
        while let step = turn(&scheduler) {
            order += step.entries.compactMap { if case .rows(let id, _, _, _) = $0 { id } else { nil } }
        }
        #expect(order == (two ? [first, second, first, second] : [first, first, second, second]))
    }

    @Test func `one that waits is removed without a word to the stages`() {
        var scheduler = scheduler(slots: 1)
        let running = scheduler.add(tokens: [1], results: .last)
        let waiting = scheduler.add(tokens: [2], results: .last)
        _ = turn(&scheduler)
        scheduler.remove(waiting)
        #expect(scheduler.waiting == 0)
        #expect(scheduler.next(at: 0) == nil)
        scheduler.remove(running)
        #expect(turn(&scheduler)?.entries == [.close(sequence: running)])
    }

    @Test func `one with rows in flight is removed, closed once, and its slot is free`() {
        var scheduler = scheduler(slots: 1)
        let first = scheduler.add(tokens: [1], results: .last)
        let step = scheduler.next(at: 0)
        scheduler.remove(first)
        scheduler.remove(first)
        let second = scheduler.add(tokens: [2], results: .last)
        #expect(
            scheduler.next(at: 0)?.entries == [
                .close(sequence: first), .open(sequence: second),
                .rows(sequence: second, position: 0, count: 1, output: .last),
            ])
        #expect(scheduler.complete(step: step!.id, at: 0)?.results.map(\.sequence) == [first])
        // Results for one that is gone change nothing.
        scheduler.extend(first, with: 3)
        scheduler.remove(first)
        #expect(scheduler.next(at: 0) == nil)
    }

    @Test func `a prompt removed in its middle sends no more rows`() {
        var scheduler = scheduler(rows: 4)
        let id = scheduler.add(tokens: Array(0..<12), results: .last)
        _ = turn(&scheduler)
        scheduler.remove(id)
        #expect(turn(&scheduler)?.entries == [.close(sequence: id)])
        #expect(scheduler.next(at: 0) == nil)
    }

    @Test func `a full pipe takes no step, and a close alone waits until nothing else is on its way`() {
        var scheduler = scheduler(rows: 4)
        let id = scheduler.add(tokens: Array(0..<12), results: .last)
        let steps = [scheduler.next(at: 0)!, scheduler.next(at: 0)!]
        #expect(scheduler.next(at: 0) == nil)
        scheduler.remove(id)
        #expect(scheduler.next(at: 0) == nil)
        _ = scheduler.complete(step: steps[0].id, at: 0)
        #expect(scheduler.next(at: 0) == nil)
        _ = scheduler.complete(step: steps[1].id, at: 0)
        #expect(scheduler.next(at: 0)?.entries == [.close(sequence: id)])
    }

    @Test func `numbers rise over a reset, and nothing else is left`() {
        var scheduler = scheduler()
        let first = scheduler.add(tokens: [1], results: .last)
        let step = scheduler.next(at: 0)!
        _ = scheduler.add(tokens: [1], results: .last)
        scheduler.reset(limits: .init(context: 8, slots: 1, stages: 1, rowsPerStep: 2))
        #expect(scheduler.running == 0)
        #expect(scheduler.waiting == 0)
        #expect(scheduler.stepsInFlight == 0)
        #expect(scheduler.limits.rowsPerStep == 2)
        #expect(scheduler.next(at: 0) == nil)
        #expect(scheduler.complete(step: step.id, at: 0) == nil)
        let id = scheduler.add(tokens: [4], results: .last)
        #expect(id > first + 1)
        let next = scheduler.next(at: 0)
        #expect(next!.id > step.id)
        #expect(next?.entries == [.open(sequence: id), .rows(sequence: id, position: 0, count: 1, output: .last)])
    }

    @Test func `a failed step names all it carried, and its closes are sent again`() {
        var scheduler = scheduler(slots: 2, rows: 2)
        let old = scheduler.add(tokens: [1], results: .last)
        _ = turn(&scheduler)
        scheduler.remove(old)
        let ids = (0..<2).map { _ in scheduler.add(tokens: [1, 2], results: .last) }
        let step = scheduler.next(at: 0)!
        #expect(step.entries.first == .close(sequence: old))
        let failure = scheduler.fail(step: step.id)
        // The second sequence had no rows in it, but later stages have not heard of it.
        #expect(failure == ids)
        #expect(scheduler.stepsInFlight == 0)
        for id in failure { scheduler.remove(id) }
        #expect(
            scheduler.next(at: 0)?.entries == [
                .close(sequence: old), .close(sequence: ids[0]), .close(sequence: ids[1]),
            ])
        #expect(scheduler.fail(step: step.id) == [])
    }
}
