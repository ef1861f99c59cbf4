/// Which links between devices are measured, and which of them at a time. A pure decision.
package enum LinkPairs {
    /// Up to this many devices every pair is measured: 28 links take some two seconds.
    package static let mostForAllPairs = 8
    /// Beyond, each device's links to so many that follow it in order.
    package static let neighbours = 4

    /// Rounds of pairs (`from` < `to`, indexes of devices) to be measured one round after the other. No device is twice in a round:
    /// measurements at the same time must not share a device's link to the network.
    package static func rounds(devices: Int) -> [[(from: Int, to: Int)]] {
        var rounds: [[(from: Int, to: Int)]] = []
        for pair in pairs(devices) {
            let isFree = { (round: [(from: Int, to: Int)]) in
                !round.contains { [$0.from, $0.to].contains(pair.from) || [$0.from, $0.to].contains(pair.to) }
            }
            if let index = rounds.firstIndex(where: isFree) {
                rounds[index].append(pair)
            } else {
                rounds.append([pair])
            }
        }
        return rounds
    }

    private static func pairs(_ devices: Int) -> [(from: Int, to: Int)] {
        (0..<max(0, devices)).flatMap { from in
            let last = devices <= mostForAllPairs ? devices - 1 : min(devices - 1, from + neighbours)
            return last > from ? (from + 1...last).map { (from, $0) } : []
        }
    }
}
