import Testing
import WorkerCore

/// Rates of pieces of work that pauses fell into.
struct SpeedSamplesTests {
    private func rates(_ pieces: [SpeedSamples.Sample]) -> [Double] {
        var samples = SpeedSamples()
        for piece in pieces { samples.add(piece) }
        return pieces.map { samples.rate(of: $0) }
    }

    @Test func `without pauses it is bytes by time, for any number of threads`() {
        let pieces = [
            SpeedSamples.Sample(bytes: 800, processorSeconds: 2, seconds: 0.5),
            SpeedSamples.Sample(bytes: 100, processorSeconds: 1, seconds: 0.25),
        ]
        #expect(rates(pieces) == [1600, 400])
    }

    @Test func `a pause weighs on all pieces alike, whichever it fell into`() {
        // A second of work each; the process was stopped for two seconds, all in the first piece.
        let pieces = [
            SpeedSamples.Sample(bytes: 1000, processorSeconds: 1, seconds: 3),
            SpeedSamples.Sample(bytes: 500, processorSeconds: 1, seconds: 1),
        ]
        #expect(rates(pieces) == [500, 250])
    }

    @Test func `where processor time is not told, time has to do`() {
        #expect(rates([.init(bytes: 300, processorSeconds: 0, seconds: 2)]) == [150])
        #expect(rates([.init(bytes: 0, processorSeconds: 1, seconds: 1)]) == [0])
    }
}
