import Wire

/// Peers of every role that mean ill, over links to a worker: a `Conversation`. After each the worker answers an honest coordinator.
package final class WorkerPeerFuzz: FuzzFormat {
    package static let name = "worker-peer"
    package static let cost = 3
    package static let isConversation = true
    /// Stages with their caches; a step's rows and results, 64 MiB; and as much for replies that wait and frames that are not whole.
    package static let allowedBytes = WorkerUnderTest.memoryBytes + (128 << 20)

    /// After so many inputs another honest coordinator comes, and nothing may be left of the others.
    private static let renewal = 32
    /// Frames of one input at most.
    private static let most = 6000
    /// How long a worker that does not read is waited for, and a reply, in milliseconds.
    private static let patience: CInt = 60

    package let corpus: [[UInt8]]
    package let extremes: [[UInt8]]
    package private(set) var messages = 0
    private let conversations: WorkerConversations
    private let honest: [Conversation]
    private var tested: WorkerUnderTest?
    private var inputs = 0

    package init() throws {
        conversations = try WorkerConversations()
        honest = conversations.all
        corpus = honest.map(\.bytes)
        extremes = conversations.extremes.map(\.bytes)
    }

    package func generate(_ random: inout FuzzRandom) -> [UInt8]? {
        var talk = random.pick(honest)
        for _ in 0...random.below(random.oneIn(4) ? 24 : 5) { talk.change(with: honest, &random) }
        return talk.bytes
    }

    package func run(_ input: [UInt8]) -> FuzzOutcome {
        let tested = start()
        inputs += 1
        let wasHeard = play(Conversation(reading: input), to: tested.port)
        tested.check()
        if inputs % Self.renewal == 0 {
            tested.checkThatNothingIsLeft()
            tested.renew()
        }
        return wasHeard ? .accepted : .refused
    }

    private func start() -> WorkerUnderTest {
        if let tested { return tested }
        guard let new = try? WorkerUnderTest(conversations) else { fatalError("the worker does not start") }
        tested = new
        return new
    }

    /// - Returns: whether all links were still open at the end.
    private func play(_ talk: Conversation, to port: UInt16) -> Bool {
        var links = [PeerSocket?](repeating: nil, count: Conversation.links)
        var left = Self.most
        for record in talk.records where left > 0 {
            let bytes = withAddress(of: port, record.bytes)
            switch record.action {
            case .open:
                links[record.link]?.close()
                links[record.link] = PeerSocket(port: port)
                links[record.link]?.send(bytes, milliseconds: Self.patience)
                left -= 1
            case .send:
                for _ in 0..<min(max(record.count, 1), left) {
                    guard links[record.link]?.send(bytes, milliseconds: Self.patience) == true else { break }
                    left -= 1
                }
            case .cut:
                links[record.link]?.close()
                links[record.link] = nil
            case .read: links[record.link]?.drain()
            case .wait: wait(for: record.count, links[record.link])
            }
        }
        messages += Self.most - left
        defer { for link in links { link?.close() } }
        return links.allSatisfy { $0?.isStuck != true && $0?.hasEnded != true }
    }

    private func wait(for request: Int, _ link: PeerSocket?) {
        while let frame = link?.next(milliseconds: Self.patience) {
            switch frame {
            case .step where request == 0: return
            case .control(let message):
                if request > 0, message.request == UInt64(request) { return }
                if request == 0, case .stepFailed = message.body { return }
            default: break
            }
        }
    }

    /// With the worker's own address in its place.
    private func withAddress(of port: UInt16, _ bytes: [UInt8]) -> [UInt8] {
        let place = Array(WorkerConversations.ownAddress.utf8)
        guard bytes.count >= place.count, let first = place.first else { return bytes }
        let digits = String(port)
        let address = Array("127.0.0.1:\(String(repeating: "0", count: 5 - digits.count))\(digits)".utf8)
        var result = bytes
        var index = 0
        while index + place.count <= min(result.count, 4096) {
            if result[index] == first, result[index..<index + place.count].elementsEqual(place) {
                result.replaceSubrange(index..<index + place.count, with: address)
                index += place.count
            } else {
                index += 1
            }
        }
        return result
    }
}
