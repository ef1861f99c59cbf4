import API
import Testing

struct FairQueueTests {
    /// Adds jobs with these numbers.
    /// - Returns: for each whether there was room.
    @discardableResult
    private func add(_ jobs: [Int], of client: String, to queue: inout FairQueue<Int>) -> [Bool] {
        jobs.map { queue.add($0, of: client) }
    }

    /// Takes jobs until none may run, each ended before the next is taken where they are to end.
    private func take(_ queue: inout FairQueue<Int>, ending: Bool = true) -> [Int] {
        var jobs: [Int] = []
        while let (client, job) = queue.next() {
            jobs.append(job)
            if ending { queue.ended(client) }
        }
        return jobs
    }

    @Test func `clients take turns, however many jobs each has`() {
        var queue = FairQueue<Int>(most: 100, mostOfClient: 50, runningOfClient: 1)
        add([0, 1, 2, 3, 4], of: "many", to: &queue)
        add([10], of: "few", to: &queue)
        add([20], of: "one", to: &queue)
        add([11], of: "few", to: &queue)
        let taken = take(&queue)
        #expect(taken == [0, 10, 20, 1, 11, 2, 3, 4])
    }

    @Test func `one client leaves threads to others`() {
        var queue = FairQueue<Int>(most: 100, mostOfClient: 50, runningOfClient: 2)
        add([0, 1, 2, 3], of: "many", to: &queue)
        let first = take(&queue, ending: false)
        #expect(first == [0, 1])
        add([10], of: "few", to: &queue)
        let other = take(&queue, ending: false)
        #expect(other == [10])
        queue.ended("many")
        let next = take(&queue, ending: false)
        #expect(next == [2])
    }

    @Test func `what waits is bounded, of one client and of all`() {
        var queue = FairQueue<Int>(most: 5, mostOfClient: 3, runningOfClient: 1)
        let ofOne = add([0, 1, 2, 3], of: "a", to: &queue)
        #expect(ofOne == [true, true, true, false])
        let ofAll = add([4, 5, 6], of: "b", to: &queue)
        #expect(ofAll == [true, true, false])
        // One that runs waits no more.
        let running = queue.next()?.client
        #expect(running == "a")
        let others = add([9], of: "c", to: &queue) + add([9], of: "c", to: &queue)
        #expect(others == [true, false])
    }
}
