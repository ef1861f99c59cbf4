package import Wire

/// What is special about a device, and why: that it holds nothing, or is reckoned with as other than it is.
package struct DeviceMark: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable {
        /// It was emptied by hand.
        case drained
        /// It was lost, and gets no layers for a while.
        case leftOut = "left_out"
        /// It is too hot, and gets fewer layers.
        case hot
        /// It became slow, and gets fewer layers.
        case slow
        /// The plan has no layers for it.
        case unused
        /// It runs another version than the coordinator.
        case version
    }

    package var kind: Kind
    /// For people.
    package var reason: String

    package init(_ kind: Kind, _ reason: String) {
        self.kind = kind
        self.reason = reason
    }

    /// What the coordinator knows of a device.
    package struct Situation: Sendable {
        package var isDrained = false
        /// Why it gets no layers for a while, where that is so.
        package var leftOut: String?
        /// As how many times slower it is reckoned with, and for how much longer.
        package var slowed: (times: Double, left: Duration)?
        /// Why the plan has no layers for it, where it has none.
        package var unused: String?
        package var report: DeviceReport?

        package init() {}
    }

    /// The marks of a device, the weightiest first. One that is emptied or left out is not called unused besides.
    package static func marks(of device: String, _ situation: Situation) -> [DeviceMark] {
        var marks: [DeviceMark] = []
        if situation.isDrained {
            marks.append(
                DeviceMark(.drained, "drained by hand; `shoal drain \(device) --undo` lets it hold layers again"))
        }
        if let leftOut = situation.leftOut { marks.append(DeviceMark(.leftOut, "left out: \(leftOut)")) }
        if let reason = situation.unused, !situation.isDrained, situation.leftOut == nil {
            marks.append(DeviceMark(.unused, "holds nothing: \(reason)"))
        }
        if let relief = situation.report?.sensors.flatMap({ DeviceRelief($0) }) {
            marks.append(DeviceMark(.hot, relief.description))
        } else if let (times, left) = situation.slowed {
            let seconds = left.components.seconds + 1
            marks.append(
                DeviceMark(
                    .slow,
                    "became slow: it is reckoned with as \((times * 10).rounded() / 10) times as slow for \(seconds) s")
            )
        }
        if let version = situation.report?.softwareVersion, !version.isEmpty, version != SoftwareVersion.current {
            marks.append(
                DeviceMark(.version, "runs version \(version), and the coordinator \(SoftwareVersion.current)"))
        }
        return marks
    }
}
