import Sensors
import TestSupport
import Testing

@Suite("Temperatures and frequencies")
struct TemperatureTests {
    @Test func `a Raspberry Pi has one zone`() {
        let root = FakeRoot([
            "/sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
            "/sys/class/thermal/thermal_zone0/temp": "48312\n",
        ])
        #expect(machine(root).temperature == Temperature(zone: "cpu-thermal", celsius: 48.312))
    }

    @Test func `of many the processor's hottest counts, and of none of its own the hottest`() {
        let root = FakeRoot([
            "/sys/class/thermal/thermal_zone0/type": "acpitz", "/sys/class/thermal/thermal_zone0/temp": "99000",
            "/sys/class/hwmon/hwmon0/name": "coretemp", "/sys/class/hwmon/hwmon0/temp1_input": "61000",
            "/sys/class/hwmon/hwmon0/temp2_input": "64000", "/sys/class/hwmon/hwmon1/name": "nvme",
            "/sys/class/hwmon/hwmon1/temp1_input": "71000",
        ])
        #expect(machine(root).temperature == Temperature(zone: "coretemp", celsius: 64))
        #expect(machine(root).temperatures.count == 4)
        root.remove("/sys/class/hwmon/hwmon0/name")
        #expect(machine(root).temperature == Temperature(zone: "acpitz", celsius: 99))
    }

    @Test func `what no machine has is not believed`() {
        let root = FakeRoot([
            "/sys/class/thermal/thermal_zone0/type": "cpu-thermal", "/sys/class/thermal/thermal_zone0/temp": "-273000",
            "/sys/class/thermal/thermal_zone1/type": "cpu-thermal", "/sys/class/thermal/thermal_zone1/temp": "hot",
        ])
        #expect(machine(root).temperature == nil)
    }

    @Test func `frequencies are a mean over processors`() throws {
        let root = FakeRoot()
        for (policy, now, processors) in [("policy0", 600_000, "0 1 2 3"), ("policy4", 2_000_000, "4 5")] {
            let folder = "/sys/devices/system/cpu/cpufreq/\(policy)"
            root.write("\(now)\n", to: "\(folder)/scaling_cur_freq")
            root.write("2400000", to: "\(folder)/cpuinfo_max_freq")
            root.write("1800000", to: "\(folder)/scaling_max_freq")
            root.write(processors, to: "\(folder)/affected_cpus")
            root.write("ondemand\n", to: "\(folder)/scaling_governor")
            root.write("cpufreq-dt\n", to: "\(folder)/scaling_driver")
        }
        let frequencies = machine(root).frequencies
        #expect(frequencies.meanMegahertz == (600 * 4 + 2000 * 2) / 6)
        #expect(frequencies.meanHighestMegahertz == 2400)
        let first = try #require(frequencies.first)
        #expect(
            first
                == Frequency(
                    megahertz: 600, highestMegahertz: 2400, allowedMegahertz: 1800, processors: 4, governor: "ondemand",
                    driver: "cpufreq-dt"))
        #expect(machine(FakeRoot()).frequencies.meanMegahertz == nil)
    }
}
