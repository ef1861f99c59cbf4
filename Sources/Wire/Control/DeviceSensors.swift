import CWireProto

/// What a device's sensors tell. 0 in each is not known.
package struct DeviceSensors: Sendable, Hashable {
    /// The processor's temperature, thousandths of a kelvin.
    package var millikelvin: UInt32
    /// The mean of its processors, and what they could.
    package var megahertz: UInt32
    package var highestMegahertz: UInt32
    /// What holds it back: bits as PROTOCOL.md, "Sensors", names them.
    package var throttling: UInt32
    /// The mean of the last ten seconds.
    package var milliwatts: UInt32
    /// Where that is read, for people.
    package var powerSource: String
    /// For how much of the last ten seconds it computed, thousandths.
    package var busyThousandths: UInt32
    /// Threads that compute now.
    package var activeThreads: UInt32
    /// It asks to be reckoned with as so many times slower, hundredths; 0 or 100 is as it is.
    package var slowerHundredths: UInt32

    package init(
        millikelvin: UInt32 = 0, megahertz: UInt32 = 0, highestMegahertz: UInt32 = 0, throttling: UInt32 = 0,
        milliwatts: UInt32 = 0, powerSource: String = "", busyThousandths: UInt32 = 0, activeThreads: UInt32 = 0,
        slowerHundredths: UInt32 = 0
    ) {
        self.millikelvin = millikelvin
        self.megahertz = megahertz
        self.highestMegahertz = highestMegahertz
        self.throttling = throttling
        self.milliwatts = milliwatts
        self.powerSource = powerSource
        self.busyThousandths = busyThousandths
        self.activeThreads = activeThreads
        self.slowerHundredths = slowerHundredths
    }

    /// Degrees Celsius.
    package var celsius: Double? { millikelvin == 0 ? nil : Double(millikelvin) / 1000 - 273.15 }
    /// Watts.
    package var watts: Double? { milliwatts == 0 ? nil : Double(milliwatts) / 1000 }
}

extension DeviceSensors {
    init(_ proto: Shoal__DeviceSensors) throws(WireError) {
        millikelvin = try ProtoReading.range(
            proto.millikelvin, 0...WireLimits.millikelvin, "DeviceSensors.millikelvin")
        megahertz = try ProtoReading.range(proto.megahertz, 0...WireLimits.megahertz, "DeviceSensors.megahertz")
        highestMegahertz = try ProtoReading.range(
            proto.highest_megahertz, 0...WireLimits.megahertz, "DeviceSensors.highest_megahertz")
        throttling = proto.throttling
        milliwatts = try ProtoReading.range(
            proto.milliwatts, 0...WireLimits.deviceMilliwatts, "DeviceSensors.milliwatts")
        powerSource = try ProtoReading.text(
            proto.power_source, "DeviceSensors.power_source", limit: WireLimits.nameBytes)
        busyThousandths = try ProtoReading.range(proto.busy_thousandths, 0...1000, "DeviceSensors.busy_thousandths")
        activeThreads = try ProtoReading.range(
            proto.active_threads, 0...WireLimits.deviceThreads, "DeviceSensors.active_threads")
        slowerHundredths = try ProtoReading.range(
            proto.slower_hundredths, 0...WireLimits.slowerHundredths, "DeviceSensors.slower_hundredths")
    }

    func proto(_ arena: inout ProtoArena) -> UnsafeMutablePointer<Shoal__DeviceSensors> {
        let proto = arena.make(shoal__device_sensors__init)
        proto.pointee.millikelvin = min(millikelvin, WireLimits.millikelvin)
        proto.pointee.megahertz = min(megahertz, WireLimits.megahertz)
        proto.pointee.highest_megahertz = min(highestMegahertz, WireLimits.megahertz)
        proto.pointee.throttling = throttling
        proto.pointee.milliwatts = min(milliwatts, WireLimits.deviceMilliwatts)
        proto.pointee.power_source = arena.text(powerSource, limit: WireLimits.nameBytes)
        proto.pointee.busy_thousandths = min(busyThousandths, 1000)
        proto.pointee.active_threads = min(activeThreads, WireLimits.deviceThreads)
        proto.pointee.slower_hundredths = min(slowerHundredths, WireLimits.slowerHundredths)
        return proto
    }
}
