package import Placement
package import Wire

extension DeviceSpeed {
    /// What a device measured of itself; nil where it could not.
    package init?(_ profile: DeviceProfile) {
        guard profile.readBytesPerSecond > 0 else { return nil }
        self.init(
            readBytesPerSecond: Double(profile.readBytesPerSecond),
            products: profile.products.map {
                ProductSpeed(
                    elementType: $0.elementType, rows: Int($0.rows), bytesPerSecond: Double($0.bytesPerSecond))
            },
            dutyCycle: DutyCycle(
                share: Double(profile.quotaThousandths) / 1000 / Double(max(1, profile.threads)),
                period: Double(profile.quotaPeriodMicroseconds) / 1e6),
            diskBytesPerSecond: profile.diskBytesPerSecond > 0 ? Double(profile.diskBytesPerSecond) : nil)
    }
}

extension DevicePower {
    /// What a device measured of itself; nil where nothing measures it.
    package init?(_ profile: DeviceProfile) {
        self.init(
            idleWatts: Double(profile.idleMilliwatts) / 1e3,
            busyWatts: Double(max(profile.busyMilliwatts, profile.idleMilliwatts)) / 1e3)
    }
}

extension LinkSpeed {
    /// What was measured of a link; nil where nothing passed.
    package init?(_ profile: LinkProfile) {
        guard profile.bytesPerSecond > 0 else { return nil }
        self.init(
            roundTripSeconds: Double(profile.roundTripNanoseconds) / 1e9,
            bytesPerSecond: Double(profile.bytesPerSecond))
    }
}

extension ActivationCodec {
    /// The wire's name of a planned codec.
    init(_ codec: RowCodec) {
        self =
            switch codec {
            case .f32: .f32
            case .f16: .f16
            case .q8: .q8
            }
    }
}

extension LinkTable {
    /// What was measured.
    ///
    /// - Parameter coordinator: the name of the coordinator's own device, whose links are the coordinator's.
    init(_ measured: MeasuredLinks, coordinator: String?) {
        self.init()
        for entry in measured.entries {
            let speed = LinkSpeed(roundTripSeconds: entry.roundTripSeconds, bytesPerSecond: entry.bytesPerSecond)
            if entry.from == coordinator {
                setCoordinatorLink(of: entry.to, speed)
            } else if entry.to == coordinator {
                setCoordinatorLink(of: entry.from, speed)
            } else {
                setLink(between: entry.from, and: entry.to, speed)
            }
        }
    }
}

extension SpeedPrediction {
    /// What a plan lets expect.
    init(_ prediction: PlanPrediction) {
        self.init(
            oneStream: prediction.tokensPerSecond, allStreams: prediction.tokensPerSecondOfStreams,
            streams: prediction.streams)
    }
}
