/// Who waits for a slot, and who is next.
///
/// Sequences that had a slot and lost it come first, in order of their arrival. Of the others the next one is of the client that was
/// served the fewest tokens, the earliest of that client's; between equals the earliest of all. A client that comes anew begins with what
/// the least served one has, so that nobody who waits has to catch up with the past of others.
struct FairQueue: Sendable {
    private struct Client {
        /// Tokens of prompts and answers, since it came.
        var served: Int
        /// In order of arrival.
        var waiting: [UInt32] = []
        /// Its sequences that wait or are at work.
        var sequences = 0
    }

    private var clients: [String: Client] = [:]
    /// Those that had a slot, by number.
    private var resuming: [UInt32] = []
    private(set) var count = 0
    /// Rises whenever somebody's place may have changed.
    private(set) var changes = 0

    /// A sequence has come.
    mutating func arrive(_ id: UInt32, of client: String) {
        let floor = clients.values.map(\.served).min() ?? 0
        clients[client, default: Client(served: floor)].waiting.append(id)
        clients[client]!.sequences += 1
        changed(by: 1)
    }

    /// A sequence that had a slot is to have the next one.
    mutating func resume(_ id: UInt32) {
        resuming.insert(id, at: resuming.firstIndex { $0 > id } ?? resuming.endIndex)
        changed(by: 1)
    }

    /// A sequence no longer waits: it is given a slot, or it is given up.
    mutating func remove(_ id: UInt32, of client: String) {
        if let index = resuming.firstIndex(of: id) {
            resuming.remove(at: index)
        } else if let index = clients[client]?.waiting.firstIndex(of: id) {
            clients[client]!.waiting.remove(at: index)
        } else {
            return
        }
        changed(by: -1)
    }

    /// A client was served tokens.
    mutating func serve(_ tokens: Int, to client: String) { clients[client]?.served += tokens }

    /// A sequence has ended.
    mutating func leave(_ client: String) {
        clients[client]!.sequences -= 1
        if clients[client]!.sequences == 0 { clients[client] = nil }
    }

    /// Who is next.
    var first: UInt32? {
        resuming.first
            ?? clients.values.filter { !$0.waiting.isEmpty }.min {
                ($0.served, $0.waiting[0]) < ($1.served, $1.waiting[0])
            }?.waiting[0]
    }

    /// How many wait of each client that has some waiting, besides those that had a slot.
    var waitingOfClients: [String: Int] { clients.mapValues(\.waiting.count).filter { $0.value > 0 } }

    /// The last one of the client that has most waiting; between equals, the last that came.
    var lastOfLongest: UInt32? {
        clients.values.filter { !$0.waiting.isEmpty }.max {
            ($0.waiting.count, $0.waiting.last!) < ($1.waiting.count, $1.waiting.last!)
        }?.waiting.last
    }

    /// All that wait in the order in which they will go, if nobody comes or goes.
    ///
    /// - Parameter tokens: what a sequence is served when it begins.
    func order(_ tokens: (UInt32) -> Int) -> [UInt32] {
        var rest = self
        var order: [UInt32] = []
        let owners = clients.flatMap { client in client.value.waiting.map { ($0, client.key) } }
        let owner = Dictionary(uniqueKeysWithValues: owners)
        while let id = rest.first {
            order.append(id)
            rest.remove(id, of: owner[id] ?? "")
            if let client = owner[id] { rest.serve(tokens(id), to: client) }
        }
        return order
    }

    private mutating func changed(by difference: Int) {
        count += difference
        changes += 1
    }
}
