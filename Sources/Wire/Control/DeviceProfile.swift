import CWireProto

/// How fast a device is, as it measured itself.
package struct DeviceProfile: Sendable, Hashable {
    /// When it was measured, in seconds since 1970.
    package var measuredAt: UInt64
    /// Threads that computed.
    package var threads: UInt32
    /// The kernels that were measured.
    package var instructionSet: String
    /// Plain reading of memory, all threads together.
    package var readBytesPerSecond: UInt64
    /// Reading of the store's disk past the page cache; 0 where that is not known.
    package var diskBytesPerSecond: UInt64
    /// Products of packed weights, in no order.
    package var products: [ProductRate]
    /// Processors that a quota allowed the process, in thousandths of one; 0 is no quota.
    package var quotaThousandths: UInt32
    /// The quota's period: what of it is not used in one is lost. 0 where there is none, or it is not known.
    package var quotaPeriodMicroseconds: UInt32
    /// What the device takes while it waits, and while it computes with all threads; 0 where nothing measures that.
    package var idleMilliwatts: UInt32
    package var busyMilliwatts: UInt32

    package init(
        measuredAt: UInt64, threads: UInt32, instructionSet: String, readBytesPerSecond: UInt64,
        diskBytesPerSecond: UInt64, products: [ProductRate], quotaThousandths: UInt32 = 0,
        quotaPeriodMicroseconds: UInt32 = 0, idleMilliwatts: UInt32 = 0, busyMilliwatts: UInt32 = 0
    ) {
        self.measuredAt = measuredAt
        self.threads = threads
        self.instructionSet = instructionSet
        self.readBytesPerSecond = readBytesPerSecond
        self.diskBytesPerSecond = diskBytesPerSecond
        self.products = products
        self.quotaThousandths = quotaThousandths
        self.quotaPeriodMicroseconds = quotaPeriodMicroseconds
        self.idleMilliwatts = idleMilliwatts
        self.busyMilliwatts = busyMilliwatts
    }
}

/// How fast weights of one type are multiplied with a number of rows at once.
package struct ProductRate: Sendable, Hashable {
    /// The type's number in GGUF files.
    package var elementType: UInt32
    /// Rows of activations at once.
    package var rows: UInt32
    /// Bytes of weights, as the model's file has them, that pass in a second.
    package var bytesPerSecond: UInt64

    package init(elementType: UInt32, rows: UInt32, bytesPerSecond: UInt64) {
        self.elementType = elementType
        self.rows = rows
        self.bytesPerSecond = bytesPerSecond
    }
}

extension DeviceProfile {
    init(_ proto: Shoal__DeviceProfile) throws(WireError) {
        measuredAt = try ProtoReading.count(proto.measured_at, "DeviceProfile.measured_at")
        threads = try ProtoReading.range(proto.threads, 0...WireLimits.deviceThreads, "DeviceProfile.threads")
        instructionSet = try ProtoReading.text(
            proto.instruction_set, "DeviceProfile.instruction_set", limit: WireLimits.nameBytes)
        readBytesPerSecond = try ProtoReading.count(
            proto.read_bytes_per_second, "DeviceProfile.read_bytes_per_second")
        diskBytesPerSecond = try ProtoReading.count(
            proto.disk_bytes_per_second, "DeviceProfile.disk_bytes_per_second")
        products = try ProtoReading.list(
            proto.products, proto.n_products, "DeviceProfile.products", limit: WireLimits.ratesPerProfile
        ) { (rate) throws(WireError) in
            guard let rate = rate?.pointee else {
                throw WireError(.malformedMessage, "DeviceProfile.products: missing")
            }
            return ProductRate(
                elementType: rate.element_type,
                rows: try ProtoReading.range(rate.rows, 1...65_536, "ProductRate.rows"),
                bytesPerSecond: try ProtoReading.count(rate.bytes_per_second, "ProductRate.bytes_per_second"))
        }
        quotaThousandths = proto.quota_thousandths
        quotaPeriodMicroseconds = proto.quota_period_microseconds
        idleMilliwatts = try ProtoReading.range(
            proto.idle_milliwatts, 0...WireLimits.deviceMilliwatts, "DeviceProfile.idle_milliwatts")
        busyMilliwatts = try ProtoReading.range(
            proto.busy_milliwatts, 0...WireLimits.deviceMilliwatts, "DeviceProfile.busy_milliwatts")
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__DeviceProfile> {
        let proto = arena.make(shoal__device_profile__init)
        proto.pointee.measured_at = min(measuredAt, WireLimits.count)
        proto.pointee.threads = min(threads, WireLimits.deviceThreads)
        proto.pointee.instruction_set = arena.text(instructionSet, limit: WireLimits.nameBytes)
        proto.pointee.read_bytes_per_second = min(readBytesPerSecond, WireLimits.count)
        proto.pointee.disk_bytes_per_second = min(diskBytesPerSecond, WireLimits.count)
        guard products.count <= WireLimits.ratesPerProfile else {
            throw WireError(.tooLarge, "DeviceProfile.products: \(products.count) rates")
        }
        let list = arena.array(of: UnsafeMutablePointer<Shoal__ProductRate>?.self, count: products.count)
        for (index, product) in products.enumerated() {
            let rate = arena.make(shoal__product_rate__init)
            rate.pointee.element_type = product.elementType
            rate.pointee.rows = product.rows
            rate.pointee.bytes_per_second = min(product.bytesPerSecond, WireLimits.count)
            list[index] = rate
        }
        proto.pointee.n_products = products.count
        proto.pointee.products = list
        proto.pointee.quota_thousandths = quotaThousandths
        proto.pointee.quota_period_microseconds = quotaPeriodMicroseconds
        proto.pointee.idle_milliwatts = min(idleMilliwatts, WireLimits.deviceMilliwatts)
        proto.pointee.busy_milliwatts = min(busyMilliwatts, WireLimits.deviceMilliwatts)
        return proto
    }
}
