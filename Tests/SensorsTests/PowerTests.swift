import Sensors
import TestSupport
import Testing

@Suite("Power")
struct PowerTests {
    private static let package = [
        "/sys/class/powercap/intel-rapl:0/name": "package-0\n",
        "/sys/class/powercap/intel-rapl:0/energy_uj": "1000000\n",
        "/sys/class/powercap/intel-rapl:0/max_energy_range_uj": "262143328850\n",
        "/sys/class/powercap/intel-rapl:0:0/name": "core", "/sys/class/powercap/intel-rapl:0:0/energy_uj": "500000",
        "/sys/class/powercap/intel-rapl:0:1/name": "dram", "/sys/class/powercap/intel-rapl:0:1/energy_uj": "300000",
        "/sys/class/powercap/intel-rapl:0:1/max_energy_range_uj": "65712999613",
    ]

    /// Watts of two looks, a second apart.
    private func watts(_ machine: Machine, _ change: () -> Void) throws -> Double? {
        let source = try #require(machine.powerSource)
        var average = PowerAverage()
        average.add(try #require(machine.sample(source)), at: .zero)
        change()
        average.add(try #require(machine.sample(source)), at: .seconds(1))
        return average.watts
    }

    @Test func `RAPL counts packages and their memory, not cores again`() throws {
        let root = FakeRoot(Self.package)
        let watts = try watts(machine(root)) {
            root.write("13000000", to: "/sys/class/powercap/intel-rapl:0/energy_uj")
            root.write("2300000", to: "/sys/class/powercap/intel-rapl:0:1/energy_uj")
            root.write("9000000", to: "/sys/class/powercap/intel-rapl:0:0/energy_uj")
        }
        #expect(watts == 14)
        #expect(machine(root).powerSource?.scope == .processor)
    }

    @Test func `a counter begins again at 0`() throws {
        let root = FakeRoot(Self.package)
        root.write("262143000000", to: "/sys/class/powercap/intel-rapl:0/energy_uj")
        let watts = try watts(machine(root)) {
            root.write("9671150", to: "/sys/class/powercap/intel-rapl:0/energy_uj")
        }
        #expect(watts == 10)
    }

    @Test func `one that falls without a range is not believed`() throws {
        let root = FakeRoot(Self.package)
        root.remove("/sys/class/powercap/intel-rapl:0/max_energy_range_uj")
        #expect(try watts(machine(root)) { root.write("1", to: "/sys/class/powercap/intel-rapl:0/energy_uj") } == nil)
    }

    @Test func `the platform is more than its packages`() throws {
        let root = FakeRoot(Self.package)
        root.write("psys", to: "/sys/class/powercap/intel-rapl:1/name")
        root.write("5", to: "/sys/class/powercap/intel-rapl:1/energy_uj")
        #expect(machine(root).powerSource?.name == "RAPL psys")
    }

    @Test func `counters that only root may read are none`() {
        var files = Self.package
        for path in files.keys where path.hasSuffix("energy_uj") { files[path] = nil }
        #expect(machine(FakeRoot(files)).powerSource == nil)
    }

    @Test func `a sensor in the supply is preferred`() throws {
        let root = FakeRoot(Self.package)
        root.write("ina226", to: "/sys/class/hwmon/hwmon3/name")
        root.write("6800000", to: "/sys/class/hwmon/hwmon3/power1_input")
        let source = try #require(machine(root).powerSource)
        #expect(source.name == "ina226" && source.scope == .board)
        #expect(machine(root).sample(source) == .watts(6.8))
    }

    @Test func `of several sensors in the supply the name says which one counts`() throws {
        let root = FakeRoot()
        for monitor in [2, 10] {
            root.write("ina238", to: "/sys/class/hwmon/hwmon\(monitor)/name")
            root.write("\(monitor)000000", to: "/sys/class/hwmon/hwmon\(monitor)/power1_input")
        }
        let source = try #require(machine(root).powerSource)
        #expect(source.name == "ina238 (hwmon2, one of 2)")
        #expect(machine(root).sample(source) == .watts(2))
    }

    @Test func `of an INA3221 all channels count, or the input alone where one is`() throws {
        let root = FakeRoot(["/sys/class/hwmon/hwmon0/name": "ina3221"])
        for (channel, volts, amperes) in [(1, 5000, 2000), (2, 5000, 400), (3, 3300, -10)] {
            root.write("\(volts)", to: "/sys/class/hwmon/hwmon0/in\(channel)_input")
            root.write("\(amperes)", to: "/sys/class/hwmon/hwmon0/curr\(channel)_input")
        }
        let all = try #require(machine(root).powerSource)
        #expect(machine(root).sample(all) == .watts(12))
        root.write("VDD_IN", to: "/sys/class/hwmon/hwmon0/in1_label")
        let input = try #require(machine(root).powerSource)
        #expect(machine(root).sample(input) == .watts(10))
    }

    @Test func `an INA219 as a converter has a scale`() throws {
        let root = FakeRoot([
            "/sys/bus/iio/devices/iio:device0/name": "ina219", "/sys/bus/iio/devices/iio:device0/in_power2_raw": "340",
            "/sys/bus/iio/devices/iio:device0/in_power2_scale": "20.000000\n",
        ])
        let source = try #require(machine(root).powerSource)
        #expect(machine(root).sample(source) == .watts(6.8))
        root.write("-1", to: "/sys/bus/iio/devices/iio:device0/in_power2_scale")
        #expect(machine(root).powerSource == nil)
    }

    @Test func `sockets count, not their cores again`() throws {
        let root = FakeRoot([
            "/sys/class/hwmon/hwmon0/name": "amd_energy", "/sys/class/hwmon/hwmon0/energy1_label": "Ecore000",
            "/sys/class/hwmon/hwmon0/energy1_input": "100", "/sys/class/hwmon/hwmon0/energy2_label": "Esocket0",
            "/sys/class/hwmon/hwmon0/energy2_input": "1000000",
        ])
        #expect(try watts(machine(root)) { root.write("9000000", to: "/sys/class/hwmon/hwmon0/energy2_input") } == 8)
    }

    @Test func `an average weighs by time, and leaves out what lies between runs`() {
        var average = PowerAverage()
        #expect(average.watts == nil)
        average.add(.watts(2), at: .zero)
        #expect(average.watts == nil)
        average.add(.watts(4), at: .seconds(1))
        average.add(.watts(4), at: .seconds(4))
        #expect(average.watts == 3.75 && average.totalJoules == 15)
        average.pause()
        average.add(.watts(100), at: .seconds(50))
        #expect(average.watts == 3.75)
        average.add(.joules([]), at: .seconds(51))
        #expect(average.watts == 3.75)
    }
}
