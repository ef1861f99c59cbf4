import CoordinatorCore
import Foundation
import TestSupport
import Testing
import Wire

/// Which links are measured, and how they are kept.
struct LinkTests {
    @Test(arguments: 0...12) func `every pair is measured once, and no device is twice in a round`(devices: Int) {
        let rounds = LinkPairs.rounds(devices: devices)
        let pairs = rounds.joined().map { [$0.from, $0.to] }
        #expect(Set(pairs).count == pairs.count)
        #expect(pairs.allSatisfy { 0 <= $0[0] && $0[0] < $0[1] && $0[1] < devices })
        for round in rounds {
            let named = round.flatMap { [$0.from, $0.to] }
            #expect(Set(named).count == named.count)
        }
        if devices <= LinkPairs.mostForAllPairs {
            #expect(pairs.count == devices * max(0, devices - 1) / 2)
        } else {
            // Each with those that follow it.
            #expect(pairs.allSatisfy { $0[1] - $0[0] <= LinkPairs.neighbours })
            #expect(pairs.count == devices * 4 - 10)
        }
    }

    @Test func `four devices take three rounds`() {
        #expect(
            LinkPairs.rounds(devices: 4).map { $0.map { [$0.from, $0.to] } }
                == [[[0, 1], [2, 3]], [[0, 2], [1, 3]], [[0, 3], [1, 2]]])
    }

    @Test func `a table knows a link from both ends, and the last that was told of it`() {
        var table = MeasuredLinks([
            .init(from: "a", to: "b", roundTripSeconds: 0.001, bytesPerSecond: 100),
            .init(from: "b", to: "c", roundTripSeconds: 0.002, bytesPerSecond: 200),
        ])
        #expect(table["a", "b"]?.bytesPerSecond == 100)
        #expect(table["b", "a"] == table["a", "b"])
        #expect(table["a", "c"] == nil)
        table.add(.init(from: "b", to: "a", roundTripSeconds: 0.003, bytesPerSecond: 300))
        #expect(table["a", "b"]?.bytesPerSecond == 300)
        #expect(table.entries.count == 2)
    }

    @Test func `links are kept by the names and addresses of their ends`() throws {
        let folder = try TemporaryFolder()
        let file = LinkFile(folder: folder.path + "/made")
        #expect(file.load() == [:])
        let (a, b) = (LinkEnd(device: "a", address: "10.0.0.1:7077"), LinkEnd(device: "b", address: "10.0.0.2:7077"))
        let moved = LinkEnd(device: "b", address: "10.0.0.3:7077")
        let slow = LinkProfile(roundTripNanoseconds: 300_000, bytesPerSecond: 11_000_000)
        file.store([[a, b]: slow])
        #expect(file.load()[[b, a]] == slow)
        #expect(file.load()[[a, moved]] == nil)
        let fast = LinkProfile(roundTripNanoseconds: 200_000, bytesPerSecond: 117_000_000)
        file.store([[a, moved]: fast])
        #expect(file.load() == [[a, b]: slow, [a, moved]: fast])
        file.store([[a, b]: fast])
        #expect(file.load()[[a, b]] == fast)
        try Data("nothing".utf8).write(to: URL(filePath: folder.path + "/made/links.json"))
        #expect(file.load() == [:])
        folder.remove()
    }
}
