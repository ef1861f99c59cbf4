import CoordinatorCore
import Testing

/// When a prediction is given up.
struct PredictionWatchTests {
    private func watch(_ measured: [Double], predicted: Double = 100) -> PredictionWatch {
        var watch = PredictionWatch()
        var now = ContinuousClock.now
        for value in measured {
            #expect(watch.isDue(at: now))
            watch.observe(measured: value, predicted: predicted, at: now)
            #expect(!watch.isDue(at: now + .milliseconds(900)))
            now += .seconds(1)
        }
        return watch
    }

    @Test func `twenty observations in a row that are a fifth off make it stale, for good`() {
        let slow = Array(repeating: 79.0, count: 20), fast = Array(repeating: 121.0, count: 20)
        #expect(watch(slow).isStale)
        #expect(watch(fast).isStale)
        #expect(watch(slow + [100]).isStale)
        #expect(!watch(Array(slow.dropLast())).isStale)
        #expect(!watch(Array(slow.dropLast()) + [100] + slow.dropLast()).isStale)
    }

    @Test func `within a fifth, or without a prediction, it is not`() {
        #expect(!watch(Array(repeating: 81, count: 100)).isStale)
        #expect(!watch(Array(repeating: 119, count: 100)).isStale)
        #expect(!watch(Array(repeating: 50, count: 100), predicted: 0).isStale)
    }

    @Test func `a prediction is of one stream and of many`() {
        let prediction = SpeedPrediction(oneStream: 5, allStreams: 30, streams: 8)
        #expect(prediction.tokensPerSecond(streams: 1) == 5)
        #expect(prediction.tokensPerSecond(streams: 8) == 30)
        #expect(prediction.tokensPerSecond(streams: 3) == nil)
    }
}
