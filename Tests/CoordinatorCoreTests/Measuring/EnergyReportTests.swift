import CoordinatorCore
import Placement
import Testing
import Wire

@Suite("Joules per token")
struct EnergyReportTests {
    private let declared = DevicePower(idleWatts: 2, busyWatts: 6)

    @Test func `watts are measured, or reckoned of what is declared`() throws {
        let report = try #require(
            EnergyReport(
                devices: [
                    (DeviceSensors(milliwatts: 5500), declared), (DeviceSensors(busyThousandths: 250), declared),
                ], tokens: 17, seconds: 10))
        #expect(report.watts == 8.5)
        #expect(report.joulesPerToken == 5)
    }

    @Test func `where one device is not known nothing is`() {
        #expect(EnergyReport(devices: [], tokens: 5, seconds: 10) == nil)
        #expect(
            EnergyReport(
                devices: [(DeviceSensors(milliwatts: 1), nil), (DeviceSensors(), nil)], tokens: 5, seconds: 10)
                == nil)
        #expect(EnergyReport(devices: [(nil, declared)], tokens: 5, seconds: 10) == nil)
    }

    @Test func `without tokens there are watts alone`() throws {
        let report = try #require(EnergyReport(devices: [(DeviceSensors(), declared)], tokens: 0, seconds: 10))
        #expect(report.watts == 2 && report.joulesPerToken == nil)
    }

    @Test func `what a device asks for when it is too hot`() throws {
        #expect(DeviceRelief(DeviceSensors()) == nil)
        #expect(DeviceRelief(DeviceSensors(slowerHundredths: 100)) == nil)
        let relief = try #require(DeviceRelief(DeviceSensors(millikelvin: 354_150, slowerHundredths: 400)))
        #expect(relief.times == 4 && relief.description.contains("81 °C"))
    }

    @Test func `a measured profile says what is taken`() {
        func power(_ idle: UInt32, _ busy: UInt32) -> DevicePower? {
            DevicePower(
                DeviceProfile(
                    measuredAt: 0, threads: 1, instructionSet: "", readBytesPerSecond: 1, diskBytesPerSecond: 0,
                    products: [], idleMilliwatts: idle, busyMilliwatts: busy))
        }
        #expect(power(2500, 7000) == DevicePower(idleWatts: 2.5, busyWatts: 7))
        #expect(power(2500, 2000) == DevicePower(idleWatts: 2.5, busyWatts: 2.5))
        #expect(power(0, 0) == nil)
    }
}
