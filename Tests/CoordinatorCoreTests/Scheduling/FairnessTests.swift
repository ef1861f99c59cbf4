import CoordinatorCore
import Testing

/// Clients that compete for slots.
struct FairnessTests {
    private let cost = SimulatedPipe.Cost(fixed: 4, perGenerating: 1, perPrompt: 1)

    @Test func `a client with many requests does not keep another waiting`() {
        var pipe = SimulatedPipe(.init(context: 100, slots: 2, stages: 1, positionsPerPage: 10), stages: [cost])
        let many = (0..<40).map {
            SimulatedPipe.Request(client: "many", prompt: SimulatedPipe.prompt(20, seed: $0), most: 20)
        }
        let few = (0..<4).map {
            SimulatedPipe.Request(client: "few", prompt: SimulatedPipe.prompt(20, seed: 100 + $0), most: 20, time: 1)
        }
        pipe.run(many + few)
        let ends = pipe.answers.map { $0.times.last! }
        // With equal shares 4 of the others have gone before the last of the few, and those that had slots when they came.
        let before = ends[..<40].count { $0 <= ends[40...].max()! }
        #expect(before <= 4 + 2)
        // Within a client they go in order.
        let firsts = pipe.answers.map { $0.times.first! }
        #expect(Array(firsts[..<40]) == firsts[..<40].sorted())
        #expect(Array(firsts[40...]) == firsts[40...].sorted())
    }

    @Test func `tokens are what is shared, not requests`() {
        var pipe = SimulatedPipe(.init(context: 400, slots: 1, stages: 1, positionsPerPage: 10), stages: [cost])
        let long = (0..<6).map {
            SimulatedPipe.Request(client: "long", prompt: SimulatedPipe.prompt(190, seed: $0), most: 10)
        }
        let short = (0..<40).map {
            SimulatedPipe.Request(client: "short", prompt: SimulatedPipe.prompt(10, seed: 100 + $0), most: 10)
        }
        pipe.run(long + short)
        let ends = pipe.answers.map { $0.times.last! }
        for (index, end) in ends[..<5].enumerated() {
            let tokens = ends[6...].count { $0 < end } * 20
            #expect(abs(tokens - 200 * index) <= 200, "after \(index + 1) long ones")
        }
    }

    @Test func `everyone is told how many go before`() {
        var scheduler = Scheduler(limits: .init(context: 100, slots: 1, stages: 1, positionsPerPage: 10))
        func add(_ client: String) -> UInt32 { scheduler.add(tokens: [1, 2, 3], results: .last, client: client) }
        let running = add("a")
        _ = scheduler.next(at: 0)
        let waiting = [add("a"), add("a"), add("b"), add("b"), add("c")]
        let order = scheduler.waitingOrder
        #expect(Set(order) == Set(waiting))
        // b and c have had nothing yet and begin with a's share: from there they take turns.
        #expect(order.firstIndex(of: waiting[2])! < order.firstIndex(of: waiting[1])!)
        #expect(order.firstIndex(of: waiting[4])! < order.firstIndex(of: waiting[3])!)
        #expect(
            scheduler.report.waiting.map(\.client)
                == order.map { ["a", "a", "b", "b", "c"][waiting.firstIndex(of: $0)!] })
        let changes = scheduler.queueChanges
        scheduler.remove(waiting[0])
        #expect(scheduler.queueChanges > changes)
        // The order told is the order taken.
        var taken: [UInt32] = []
        scheduler.remove(running)
        let told = scheduler.waitingOrder
        for step in 0..<20 {
            if let next = scheduler.next(at: Double(step)) {
                _ = scheduler.complete(step: next.id, at: Double(step))
                for result in next.results {
                    taken.append(result.sequence)
                    scheduler.remove(result.sequence)
                }
            }
        }
        #expect(taken == told)
    }
}
