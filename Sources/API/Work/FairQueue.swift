/// Jobs that wait for a thread: clients take turns, however many jobs each has, and none has more than its part of the threads.
///
/// A value; what a job is, is its owner's.
package struct FairQueue<Job> {
    private struct Client {
        var waiting: ArraySlice<Job> = []
        var running = 0
    }

    private let most: Int
    private let mostOfClient: Int
    private let runningOfClient: Int
    private var clients: [String: Client] = [:]
    /// Those with jobs that wait, whose turn it is first.
    private var turns: ArraySlice<String> = []
    private var count = 0

    /// - Parameters:
    ///   - most: Jobs that wait, of all clients.
    ///   - mostOfClient: Jobs that wait, of one.
    ///   - runningOfClient: Jobs of one client that run at a time.
    package init(most: Int, mostOfClient: Int, runningOfClient: Int) {
        self.most = most
        self.mostOfClient = mostOfClient
        self.runningOfClient = runningOfClient
    }

    /// Adds a job behind the client's others.
    ///
    /// - Returns: whether there is room for it.
    package mutating func add(_ job: Job, of client: String) -> Bool {
        var entry = clients[client] ?? Client()
        guard count < most, entry.waiting.count < mostOfClient else { return false }
        if entry.waiting.isEmpty { turns.append(client) }
        entry.waiting.append(job)
        clients[client] = entry
        count += 1
        return true
    }

    /// Takes the next job, which runs from now on until `ended` is called.
    ///
    /// - Returns: `nil` when none may run now.
    package mutating func next() -> (client: String, job: Job)? {
        guard let index = turns.firstIndex(where: { clients[$0]!.running < runningOfClient }) else { return nil }
        let client = turns.remove(at: index)
        var entry = clients[client]!
        let job = entry.waiting.removeFirst()
        entry.running += 1
        clients[client] = entry
        count -= 1
        if !entry.waiting.isEmpty { turns.append(client) }
        return (client, job)
    }

    /// A job of a client has ended.
    package mutating func ended(_ client: String) {
        clients[client]!.running -= 1
        if clients[client]!.running == 0, clients[client]!.waiting.isEmpty { clients[client] = nil }
    }
}
