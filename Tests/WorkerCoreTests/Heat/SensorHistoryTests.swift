import Sensors
import Testing
import Wire
import WorkerCore

@Suite("What sensors said in the last seconds")
struct SensorHistoryTests {
    private let all = HeatGovernor.Orders(threads: 4, slower: 1)

    @Test func `before the first look nothing is known`() {
        #expect(SensorHistory().sensors(all) == DeviceSensors(activeThreads: 4))
    }

    @Test func `the newest counts, and of power and work the mean`() {
        var history = SensorHistory(powerSource: "ina226")
        for second in stride(from: 0, through: 20, by: 2) {
            // From the tenth second on it computes half of the time, and takes 8 watts.
            let isBusy = second >= 10
            history.add(
                SensorReading(
                    celsius: 40 + Double(second), megahertz: 2000, highestMegahertz: 2400, throttling: Throttling(),
                    power: .watts(isBusy ? 8 : 3)),
                busy: isBusy ? .seconds(Double(second - 10) / 2) : .zero, at: .seconds(second))
        }
        let sensors = history.sensors(HeatGovernor.Orders(threads: 2, slower: 4))
        #expect(
            sensors
                == DeviceSensors(
                    millikelvin: 333_150, megahertz: 2000, highestMegahertz: 2400, milliwatts: 8000,
                    powerSource: "ina226",
                    busyThousandths: 500, activeThreads: 2, slowerHundredths: 400))
        #expect(sensors.celsius == 60)
    }

    @Test func `what once held it back is told to the end`() {
        var history = SensorHistory()
        history.add(SensorReading(throttling: Throttling(now: .underVoltage)), busy: .zero, at: .zero)
        history.add(SensorReading(throttling: Throttling()), busy: .zero, at: .seconds(2))
        #expect(Throttling(bits: history.sensors(all).throttling) == Throttling(sinceStart: .underVoltage))
    }

    @Test func `a count that rises says that it is so now`() {
        var history = SensorHistory()
        for (second, count) in [5, 5, 6].enumerated() {
            history.add(SensorReading(throttleCount: count), busy: .zero, at: .seconds(second))
            #expect((history.sensors(all).throttling & 4 != 0) == (count == 6))
        }
    }

    @Test func `counters of energy that fail for a moment count again after it`() {
        var history = SensorHistory()
        for (second, power) in [PowerSample.watts(5), .watts(5), nil, .watts(7), .watts(7)].enumerated() {
            history.add(SensorReading(power: power), busy: .zero, at: .seconds(second))
        }
        #expect(history.sensors(all).milliwatts == 6000)
    }
}
