/// How much power a device takes.
package struct DevicePower: Sendable, Hashable {
    /// More than any device of a cluster takes.
    package static let mostWatts = 10_000.0

    /// While it waits.
    package let idleWatts: Double
    /// While it computes with all its threads; no less.
    package let busyWatts: Double

    /// Describes a device; `nil` for numbers that no device has: below 0, above `mostWatts`, or less while it computes.
    package init?(idleWatts: Double, busyWatts: Double) {
        guard idleWatts >= 0, busyWatts > 0, idleWatts <= busyWatts, busyWatts <= Self.mostWatts else { return nil }
        self.idleWatts = idleWatts
        self.busyWatts = busyWatts
    }

    /// Joules of a time in which it computes for a part.
    package func joules(seconds: Double, busy: Double) -> Double {
        idleWatts * seconds + (busyWatts - idleWatts) * busy
    }

    /// Whole milliwatts, so that energies are exact in a `Double` and equal ones compare as equal, as `nanoseconds` are.
    var idleMilliwatts: Double { (idleWatts * 1e3).rounded() }
    /// What computing adds.
    var addedMilliwatts: Double { (busyWatts * 1e3).rounded() - idleMilliwatts }
}

extension PlacementRequest {
    /// What a device takes: as it is declared, else as it was measured.
    func power(of device: DeviceCapacity) -> DevicePower? { preferences.watts[device.name] ?? device.power }
}

extension CheckedRequest {
    /// - Throws: `PlacementError` where energy is asked for, and the power of a device that may be used is not known.
    func checkPower() throws(PlacementError) {
        guard request.preferences.objective == .energy else { return }
        let unknown = usable.filter { request.power(of: request.devices[$0]) == nil }.map { request.devices[$0].name }
        if !unknown.isEmpty { throw .unknownPower(unknown) }
    }
}
