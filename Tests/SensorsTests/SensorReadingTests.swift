import Sensors
import TestSupport
import Testing

@Suite("All sensors at once")
struct SensorReadingTests {
    @Test func `a machine without sensors tells nothing`() {
        #expect(machine(FakeRoot()).sensors(power: nil) == SensorReading())
        #expect(machine(FakeRoot()).powerSource == nil)
    }

    @Test func `a Raspberry Pi with a sensor in its supply tells all`() throws {
        let root = FakeRoot([
            "/sys/class/thermal/thermal_zone0/type": "cpu-thermal", "/sys/class/thermal/thermal_zone0/temp": "70500",
            "/sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq": "1500000",
            "/sys/devices/system/cpu/cpufreq/policy0/cpuinfo_max_freq": "2400000",
            "/sys/devices/platform/soc/soc:firmware/get_throttled": "80008",
            "/sys/class/hwmon/hwmon0/name": "ina219", "/sys/class/hwmon/hwmon0/power1_input": "7100000",
        ])
        let machine = machine(root)
        #expect(
            machine.sensors(power: machine.powerSource)
                == SensorReading(
                    celsius: 70.5, megahertz: 1500, highestMegahertz: 2400, throttling: Throttling(bits: 0x80008),
                    power: .watts(7.1)))
    }

    @Test func `programs of this machine are run, and those that fail say nothing`() {
        #expect(Machine.this.run("shoal-no-such-program", []) == nil)
        #expect(Machine.this.run("false", []) == nil)
        #if os(Linux)
        #expect(Machine.this.run("printf", ["%s", "a b"]) == "a b")
        #endif
    }
}
