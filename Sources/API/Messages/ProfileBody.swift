import CoordinatorCore
package import Wire

/// How fast a device is, as it measured itself.
package struct ProfileBody: Codable, Sendable, Equatable {
    /// How fast weights of one type are multiplied with a number of rows at once.
    package struct Product: Codable, Sendable, Equatable {
        /// Such as "Q4_0".
        package var type: String
        package var rows: Int
        /// Of weights, as a model's file has them.
        package var bytesPerSecond: UInt64

        enum CodingKeys: String, CodingKey {
            case type, rows
            case bytesPerSecond = "bytes_per_second"
        }
    }

    /// In seconds since 1970.
    package var measuredAt: UInt64
    package var threads: Int
    package var instructionSet: String
    /// Processors that a quota allows, such as 0.5; absent where there is none.
    package var processorQuota: Double?
    /// Plain reading of memory, with all threads.
    package var readBytesPerSecond: UInt64
    /// Of the disk that the layers are on; absent where it is not known.
    package var diskBytesPerSecond: UInt64?
    package var products: [Product]
    /// What the device takes while it waits, and while it computes; absent where nothing measures that.
    package var idleWatts: Double?
    package var busyWatts: Double?

    enum CodingKeys: String, CodingKey {
        case threads, products
        case measuredAt = "measured_at"
        case instructionSet = "instruction_set"
        case processorQuota = "processor_quota"
        case readBytesPerSecond = "read_bytes_per_second"
        case diskBytesPerSecond = "disk_bytes_per_second"
        case idleWatts = "idle_watts"
        case busyWatts = "busy_watts"
    }

    package init(_ profile: DeviceProfile) {
        measuredAt = profile.measuredAt
        threads = Int(profile.threads)
        instructionSet = profile.instructionSet
        processorQuota = profile.quotaThousandths > 0 ? Double(profile.quotaThousandths) / 1000 : nil
        readBytesPerSecond = profile.readBytesPerSecond
        diskBytesPerSecond = profile.diskBytesPerSecond > 0 ? profile.diskBytesPerSecond : nil
        idleWatts = profile.busyMilliwatts > 0 ? Double(profile.idleMilliwatts) / 1000 : nil
        busyWatts = profile.busyMilliwatts > 0 ? Double(profile.busyMilliwatts) / 1000 : nil
        products = profile.products.map {
            Product(type: $0.typeName, rows: Int($0.rows), bytesPerSecond: $0.bytesPerSecond)
        }
    }

    /// The rate of a type with a number of rows.
    package func rate(of type: String, rows: Int) -> UInt64? {
        products.first { $0.type == type && $0.rows == rows }?.bytesPerSecond
    }
}
