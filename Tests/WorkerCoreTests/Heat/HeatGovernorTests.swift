import Testing
import WorkerCore

@Suite("Heat and quiet hours")
struct HeatGovernorTests {
    private static let noon = 12 * 60
    private static let night = 23 * 60

    private func governor(max: Double? = 75, quiet: String? = nil, threads: Int = 4) -> HeatGovernor {
        HeatGovernor(
            HeatGovernor.Limits(maxCelsius: max, quietHours: quiet.flatMap { QuietHours(parsing: $0) }),
            threads: threads)
    }

    /// Looks every two seconds; the orders of each.
    private func orders(
        _ governor: inout HeatGovernor, from start: Int, _ looks: Int, celsius: Double?, minute: Int = noon
    ) -> [HeatGovernor.Orders] {
        (0..<looks).map {
            governor.observe(celsius: celsius, minute: minute, at: .seconds(start + 2 * $0))
        }
    }

    @Test func `without limits nothing changes`() {
        var governor = governor(max: nil)
        #expect(orders(&governor, from: 0, 100, celsius: 99).allSatisfy { $0 == .init(threads: 4, slower: 1) })
    }

    @Test func `above the limit a thread goes every ten seconds, and the last one stays`() {
        var governor = governor()
        let threads = orders(&governor, from: 0, 20, celsius: 76).map(\.threads)
        #expect(threads == [3, 3, 3, 3, 3, 2, 2, 2, 2, 2] + Array(repeating: 1, count: 10))
    }

    @Test func `at the limit and a little below nothing changes`() {
        var governor = governor()
        _ = orders(&governor, from: 0, 3, celsius: 76)
        #expect(orders(&governor, from: 6, 200, celsius: 75).allSatisfy { $0.threads == 3 })
        #expect(orders(&governor, from: 406, 200, celsius: 70.1).allSatisfy { $0.threads == 3 })
    }

    @Test func `threads come back one by one when it is cool for half a minute each`() {
        var governor = governor()
        _ = orders(&governor, from: 0, 8, celsius: 80)
        let threads = orders(&governor, from: 16, 40, celsius: 69).map(\.threads)
        #expect(
            threads == Array(repeating: 2, count: 15) + Array(repeating: 3, count: 15) + Array(repeating: 4, count: 10))
    }

    @Test func `a moment of heat begins the half minute anew`() {
        var governor = governor()
        _ = orders(&governor, from: 0, 3, celsius: 80)
        _ = orders(&governor, from: 6, 14, celsius: 69)
        _ = orders(&governor, from: 34, 1, celsius: 72)
        #expect(orders(&governor, from: 36, 15, celsius: 69).allSatisfy { $0.threads == 3 })
        #expect(orders(&governor, from: 66, 1, celsius: 69).map(\.threads) == [4])
    }

    @Test func `a sensor that says nothing changes nothing`() {
        var governor = governor()
        _ = orders(&governor, from: 0, 1, celsius: 80)
        #expect(orders(&governor, from: 2, 100, celsius: nil).allSatisfy { $0.threads == 3 })
    }

    @Test func `where one thread is too much for a minute, layers are to move, and more of them later`() {
        var governor = governor(threads: 2)
        let slower = orders(&governor, from: 0, 200, celsius: 80).map(\.slower)
        // The second thread goes at 0 s; from 2 s on one thread is too much.
        let changes = slower.indices.filter { $0 > 0 && slower[$0] != slower[$0 - 1] }
        #expect(changes.map { $0 * 2 } == [62, 122, 182, 242])
        #expect(slower.last == 16)
    }

    @Test func `ten minutes of calm end that`() {
        var governor = governor(threads: 1)
        #expect(orders(&governor, from: 0, 31, celsius: 80).last?.slower == 2)
        let calm = orders(&governor, from: 62, 301, celsius: 74).map(\.slower)
        #expect(calm.dropLast().allSatisfy { $0 == 2 })
        #expect(calm.last == 1)
    }

    @Test func `a device with a short moment of calm goes on asking`() {
        var governor = governor(threads: 1)
        _ = orders(&governor, from: 0, 31, celsius: 80)
        _ = orders(&governor, from: 62, 200, celsius: 74)
        _ = orders(&governor, from: 462, 1, celsius: 76)
        #expect(orders(&governor, from: 464, 300, celsius: 74).allSatisfy { $0.slower == 2 })
    }

    @Test func `quiet hours lower threads, and heat lowers them further`() {
        var governor = governor(quiet: "22:00-07:00=2")
        #expect(orders(&governor, from: 0, 1, celsius: 50).map(\.threads) == [4])
        #expect(orders(&governor, from: 2, 1, celsius: 50, minute: Self.night).map(\.threads) == [2])
        #expect(orders(&governor, from: 4, 1, celsius: 50).map(\.threads) == [4])
        let hot = orders(&governor, from: 6, 16, celsius: 80, minute: Self.night).map(\.threads)
        #expect(hot == Array(repeating: 2, count: 10) + Array(repeating: 1, count: 6))
        #expect(self.orders(&governor, from: 38, 1, celsius: nil).map(\.threads) == [1])
    }

    @Test func `quiet hours give no more threads than there are`() {
        var governor = governor(max: nil, quiet: "22:00-07:00=8", threads: 2)
        #expect(orders(&governor, from: 0, 1, celsius: nil, minute: Self.night).map(\.threads) == [2])
    }
}
