package import ClusterStore
package import ModelParts
package import Placement

/// What wishes make of what the coordinator was started with. Each names the field and its bound where a value makes no sense.
extension PlacementWishes {
    /// - Throws: `CoordinatorError`: invalidRequest.
    package func context(or standing: Int?) throws(CoordinatorError) -> Int? {
        try checked(context, "context", 1...1 << 24) ?? standing
    }

    /// - Throws: `CoordinatorError`: invalidRequest.
    package func slots(or standing: Int) throws(CoordinatorError) -> Int {
        try checked(slots, "slots", 1...1024) ?? standing
    }

    /// - Throws: `CoordinatorError`: invalidRequest.
    package func keyValueType(or standing: KeyValueType) throws(CoordinatorError) -> KeyValueType {
        switch keyValueType {
        case nil: return standing
        case "f16": return .standard
        case "q8_0": return .q8_0
        case let other?: throw Self.refusal("kv_type is '\(other)'; it may be f16 or q8_0")
        }
    }

    /// The pins that were wished, all of them, else the standing ones.
    ///
    /// - Throws: `CoordinatorError`: invalidRequest.
    package func pins(or standing: [Pin]) throws(CoordinatorError) -> [Pin] {
        guard let pins else { return standing }
        var parsed: [Pin] = []
        for text in pins {
            do { parsed.append(try Pin(parsing: text)) } catch { throw Self.refusal(error.description) }
        }
        return parsed
    }

    /// - Throws: `CoordinatorError`: invalidRequest.
    package func preferences(over standing: PlanningPreferences) throws(CoordinatorError) -> PlanningPreferences {
        var preferences = standing
        if let objective {
            guard let known = PlacementObjective(rawValue: objective) else {
                throw Self.refusal(
                    "objective is '\(objective)'; it may be "
                        + PlacementObjective.allCases.map(\.rawValue).joined(separator: ", "))
            }
            preferences.objective = known
        }
        if let codec {
            guard let known = CodecChoice(named: codec) else {
                throw Self.refusal("codec is '\(codec)'; it may be f32, f16, q8 or auto")
            }
            preferences.codec = known
        }
        if let streams = try checked(streams, "streams", 1...1024) { preferences.streams = streams }
        if let most = try checked(maximumDevices, "max_devices", 1...PlacementRequest.mostDevices + 1) {
            preferences.maximumDevices = most
        }
        if let exclude { preferences.excluded = exclude }
        if let useCoordinator { preferences.usesCoordinator = useCoordinator }
        if let expertsOnDisk { preferences.expertsOnDisk = expertsOnDisk }
        for (device, watts) in watts ?? [:] {
            guard let power = DevicePower(idleWatts: watts.idle, busyWatts: watts.busy) else {
                throw Self.refusal(
                    "watts of \(device) are \(watts.idle) idle and \(watts.busy) busy; a device takes no less while it computes, from 0 to \(Int(DevicePower.mostWatts)) W"
                )
            }
            preferences.watts[device] = power
        }
        return preferences
    }

    private func checked(_ value: Int?, _ name: String, _ range: ClosedRange<Int>) throws(CoordinatorError) -> Int? {
        guard let value, !range.contains(value) else { return value }
        throw Self.refusal("\(name) is \(value); it may be \(range.lowerBound) to \(range.upperBound)")
    }

    private static func refusal(_ message: String) -> CoordinatorError { CoordinatorError(.invalidRequest, message) }
}
