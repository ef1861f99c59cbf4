import API
import NIOCore
import TestSupport
import Testing

@Suite struct ConnectionTableTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func address(_ text: String) throws -> ClientAddress {
        ClientAddress(try SocketAddress(ipAddress: text, port: 1))
    }

    private func limits(total: Int = 8, perAddress: Int = 3) -> ConnectionLimits {
        var limits = ConnectionLimits()
        limits.total = total
        limits.perAddress = perAddress
        return limits
    }

    @Test func `addresses are told apart as limits want it`() throws {
        #expect(try address("127.0.0.1") == .loopback)
        #expect(try address("127.8.9.10") == .loopback)
        #expect(try address("::1") == .loopback)
        #expect(try address("::ffff:127.0.0.1") == .loopback)
        #expect(ClientAddress(nil) == .loopback)
        #expect(try address("10.0.0.1") == address("::ffff:10.0.0.1"))
        #expect(try address("10.0.0.1") != address("10.0.0.2"))
        #expect(try address("2001:db8::1") == address("2001:db8::2"))
        #expect(try address("2001:db8::1") != address("2001:db8:0:1::1"))
        #expect(try address("fe80::1") != address("fe80::2"))
    }

    @Test func `one address keeps its newest and its busy ones`() throws {
        var table = ConnectionTable(limits: limits())
        func arrive(_ id: Int, from address: ClientAddress, now: NIODeadline) -> (Bool, Int?) {
            table.arrive(id, from: address, now: now)
        }
        let pi = try address("10.0.0.1")
        for id in 0..<3 { #expect(arrive(id, from: pi, now: start + .seconds(Int64(id))) == (true, nil)) }
        table.note(0, isAnswering: true, now: start + .seconds(3))
        #expect(arrive(3, from: pi, now: start + .seconds(4)) == (true, 1))
        table.note(2, isAnswering: true, now: start + .seconds(5))
        table.note(3, isAnswering: true, now: start + .seconds(5))
        #expect(arrive(4, from: pi, now: start + .seconds(6)) == (false, nil))
        // Another address is not touched, and one that is answered may go when it is idle again.
        #expect(arrive(5, from: try address("10.0.0.2"), now: start + .seconds(6)) == (true, nil))
        table.note(3, isAnswering: false, now: start + .seconds(7))
        #expect(arrive(6, from: pi, now: start + .seconds(8)) == (true, 3))
    }

    @Test func `busy clients elsewhere leave room for this machine's own`() throws {
        // 2 of 8 are reserved.
        var table = ConnectionTable(limits: limits())
        func arrive(_ id: Int, from address: ClientAddress, now: NIODeadline) -> (Bool, Int?) {
            table.arrive(id, from: address, now: now)
        }
        for id in 0..<6 {
            #expect(arrive(id, from: try address("10.0.0.\(id)"), now: start) == (true, nil))
            table.note(id, isAnswering: true, now: start)
        }
        #expect(arrive(6, from: try address("10.0.0.9"), now: start) == (false, nil))
        #expect(arrive(7, from: .loopback, now: start) == (true, nil))
        #expect(arrive(8, from: .loopback, now: start + .seconds(1)) == (true, nil))
        #expect(arrive(9, from: .loopback, now: start + .seconds(2)) == (true, 7))
        table.leave(0)
        #expect(arrive(10, from: try address("10.0.0.9"), now: start) == (true, nil))
    }

    @Test func `however many come, the limits hold, and a new one finds an idle one's place`() throws {
        var generator = SeededGenerator(seed: 5)
        let limits = limits(total: 20, perAddress: 5)
        var table = ConnectionTable(limits: limits)
        let addresses = try [.loopback] + (1...6).map { try address("10.0.0.\($0)") }
        // A plain twin: number to address and since when it waits.
        var twin: [Int: (address: ClientAddress, since: NIODeadline?)] = [:]
        for id in 0..<20_000 {
            let now = start + .microseconds(Int64(id))
            if let some = twin.keys.sorted().randomElement(using: &generator) {
                switch Int.random(in: 0..<5, using: &generator) {
                case 0:
                    table.leave(some)
                    twin[some] = nil
                case 1, 2:
                    table.note(some, isAnswering: true, now: now)
                    twin[some]!.since = nil
                default:
                    table.note(some, isAnswering: false, now: now)
                    twin[some]!.since = twin[some]!.since ?? now
                }
            }
            let address = addresses.randomElement(using: &generator)!
            let (stays, closing) = table.arrive(id, from: address, now: now)
            let remote = twin.values.count { $0.address != .loopback }
            let own = twin.values.count { $0.address == address }
            let candidates = twin.filter { entry in
                guard entry.value.since != nil else { return false }
                if address == .loopback { return true }
                return own >= limits.perAddress
                    ? entry.value.address == address : entry.value.address != .loopback || remote < 15
            }
            let isFull =
                twin.count >= limits.total || address != .loopback && (own >= limits.perAddress || remote >= 15)
            let oldest = candidates.min { ($0.value.since!, $0.key) < ($1.value.since!, $1.key) }?.key
            #expect(stays == (!isFull || oldest != nil))
            #expect(closing == (isFull ? oldest : nil))
            if let closing { twin[closing] = nil }
            if stays { twin[id] = (address, now) }
        }
    }
}
