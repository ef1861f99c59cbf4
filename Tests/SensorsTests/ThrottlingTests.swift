import Sensors
import TestSupport
import Testing

@Suite("Throttling")
struct ThrottlingTests {
    private static let firmware = "/sys/devices/platform/soc/soc:firmware/get_throttled"

    @Test func `the firmware's word tells of now and of since the start`() {
        let throttling = Throttling(bits: 0x50005)
        #expect(throttling.now == [.underVoltage, .throttled])
        #expect(throttling.sinceStart == [.underVoltage, .throttled])
        #expect(throttling.bits == 0x50005)
        #expect(Throttling(bits: 0xffff_fff0).bits == 0xf0000)
        #expect(throttling.words == ["under-voltage", "throttled"])
    }

    @Test func `sysfs and vcgencmd are added up`() {
        let root = FakeRoot([Self.firmware: "4\n"])
        let asked = machine(root, programs: ["vcgencmd": "throttled=0x10000\n"])
        #expect(asked.throttling(runsPrograms: true) == Throttling(now: .throttled, sinceStart: .underVoltage))
        #expect(asked.throttling(runsPrograms: false) == Throttling(now: .throttled))
    }

    @Test(arguments: ["throttled", "throttled=", "throttled=5", "throttled=0xzz", "error=0x", ""])
    func `what vcgencmd does not mean is nothing`(text: String) {
        #expect(machine(FakeRoot(), programs: ["vcgencmd": text]).throttling(runsPrograms: true) == nil)
    }

    @Test func `the kernel's alarm is under-voltage`() {
        let root = FakeRoot([
            "/sys/class/hwmon/hwmon0/name": "rpi_volt", "/sys/class/hwmon/hwmon0/in0_lcrit_alarm": "1",
        ])
        #expect(machine(root).throttling(runsPrograms: false)?.now == .underVoltage)
        root.write("0", to: "/sys/class/hwmon/hwmon0/in0_lcrit_alarm")
        #expect(machine(root).throttling(runsPrograms: false) == Throttling())
    }

    @Test func `x86 processors count`() {
        let root = FakeRoot()
        for cpu in 0..<4 {
            root.write("\(cpu)", to: "/sys/devices/system/cpu/cpu\(cpu)/thermal_throttle/core_throttle_count")
            root.write("7", to: "/sys/devices/system/cpu/cpu\(cpu)/thermal_throttle/package_throttle_count")
        }
        #expect(machine(root).throttleCount == 7)
        #expect(machine(root).throttling(runsPrograms: false) == Throttling(sinceStart: .throttled))
        #expect(machine(FakeRoot()).throttling(runsPrograms: false) == nil)
    }
}
