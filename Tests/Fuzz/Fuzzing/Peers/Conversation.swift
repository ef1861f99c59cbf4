import NIOCore
import Wire

/// What a hostile peer says over several links, as an input: records of 8 bytes and what they are about.
///
/// | bytes | |
/// | --- | --- |
/// | 0 | the link, 0 to 7 |
/// | 1 | what to do, `Action` |
/// | 2..<4 | how often, or what to wait for |
/// | 4..<8 | bytes that follow |
struct Conversation {
    enum Action: UInt8, CaseIterable {
        /// Sends the bytes, so often.
        case send
        /// Opens the link, anew where it is open, with these bytes as hello.
        case open
        /// Ends the link as a loss does.
        case cut
        /// Takes what has come.
        case read
        /// Reads until the reply to the request of that number has come; 0 is the results of a step, or its failure.
        case wait
    }

    struct Record {
        var link: Int
        var action: Action
        var count = 0
        var bytes: [UInt8] = []
    }

    static let links = 8
    var records: [Record] = []

    init(_ records: [Record] = []) { self.records = records }

    init(reading input: [UInt8]) {
        var place = 0
        while place + 8 <= input.count {
            func number(_ offset: Int, _ size: Int) -> Int {
                (0..<size).reversed().reduce(0) { $0 << 8 | Int(input[place + offset + $1]) }
            }
            let end = min(input.count, place + 8 + number(4, 4))
            records.append(
                Record(
                    link: Int(input[place]) % Self.links,
                    action: Action.allCases[Int(input[place + 1]) % Action.allCases.count], count: number(2, 2),
                    bytes: Array(input[place + 8..<end])))
            place = end
        }
    }

    var bytes: [UInt8] {
        records.flatMap { record -> [UInt8] in
            let size = record.bytes.count
            return [
                UInt8(record.link), record.action.rawValue, UInt8(record.count & 255), UInt8(record.count >> 8 & 255),
            ]
                + (0..<4).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) } + record.bytes
        }
    }

    // MARK: Saying things

    mutating func open(_ link: Int, _ role: LinkRole, session: UInt64 = 1) {
        let hello = Hello(role: role, session: session, name: "peer", softwareVersion: "fuzz")
        records.append(Record(link: link, action: .open, bytes: Self.frame(.hello(hello))))
    }

    mutating func say(_ body: ControlBody, request: UInt64 = 0, on link: Int = 0, awaits: Bool = true) {
        send(Self.frame(body, request: request), on: link)
        if request > 0, awaits { records.append(Record(link: link, action: .wait, count: Int(request))) }
    }

    mutating func send(_ bytes: [UInt8], on link: Int = 0, times: Int = 1) {
        records.append(Record(link: link, action: .send, count: times, bytes: bytes))
    }

    mutating func awaitStep(on link: Int = 0) { records.append(Record(link: link, action: .wait)) }

    static func frame(_ body: ControlBody, request: UInt64 = 0) -> [UInt8] {
        guard let bytes = try? Samples.bytes(of: .control(ControlMessage(request: request, body: body))) else {
            preconditionFailure("\(body) cannot be encoded")
        }
        return Array(bytes.readableBytesView)
    }

    // MARK: Changing

    /// Drops, repeats, moves and changes what is said, and says other things in between.
    mutating func change(with others: [Conversation], _ random: inout FuzzRandom) {
        guard !records.isEmpty else { return }
        let place = random.below(records.count)
        switch random.below(14) {
        case 0: records.remove(at: place)
        case 1: records.swapAt(place, random.below(records.count))
        case 2: records[place].count = random.oneIn(4) ? 1 + random.below(2000) : 1 + random.below(20)
        case 3: records.insert(records[place], at: random.below(records.count + 1))
        case 4: records[place].link = random.below(Self.links)
        case 5: records.insert(Record(link: random.below(Self.links), action: random.pick([.cut, .read])), at: place)
        case 6:
            let other = random.pick(others).records
            let from = random.below(max(other.count, 1))
            records.insert(contentsOf: other[min(from, other.count)...].prefix(1 + random.below(8)), at: place)
        case 7:
            let body = random.pick(Samples.bodies)
            if case .measureDevice = body { return }
            records.insert(
                Record(
                    link: records[place].link, action: .send, count: 1,
                    bytes: Self.frame(body, request: UInt64(random.below(12)))), at: place)
        case 8, 9:
            records.insert(
                Record(link: random.below(2), action: .send, count: 1, bytes: FrameMutation.step(&random)), at: place)
        default: records[place].bytes = FrameMutation.change(records[place].bytes, &random)
        }
    }
}
