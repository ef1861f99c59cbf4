import Placement
import Yams

/// A device's declared profile.
extension ClusterFileReader {
    func profile(_ node: Node) throws(ClusterFileError) -> (speed: DeviceSpeed?, link: LinkSpeed?) {
        let values = try keys(of: node, named: "a profile", allowed: ["read", "disk", "products", "link"])
        let link = try values["link"].map { node throws(ClusterFileError) in try self.link(node) }
        let products = try values["products"].map { node throws(ClusterFileError) in try self.products(node) }
        let disk = try values["disk"].map { node throws(ClusterFileError) in try rate(node, "disk") }
        guard let readNode = values["read"] else {
            if products != nil || disk != nil {
                let key = products != nil ? "products" : "disk"
                throw error(.missingKey, node, "a profile with '\(key)' needs 'read', as 11.4GB/s")
            }
            return (nil, link)
        }
        return (
            DeviceSpeed(
                readBytesPerSecond: try rate(readNode, "read"), products: products ?? [], diskBytesPerSecond: disk),
            link
        )
    }

    /// `{idle: 2.7, busy: 6.8}`.
    func power(_ node: Node) throws(ClusterFileError) -> DevicePower {
        let values = try keys(of: node, named: "'watts'", allowed: ["idle", "busy"])
        var watts: [Double] = []
        for key in ["idle", "busy"] {
            guard let value = values[key] else {
                throw error(.missingKey, node, "'watts' has no '\(key)'; write {idle: 2.7, busy: 6.8}")
            }
            let written = try text(value, key)
            guard let number = Double(written), number.isFinite else {
                throw error(.badValue, value, "'\(key)' is '\(written)'; it needs watts, as 6.8")
            }
            watts.append(number)
        }
        guard let power = DevicePower(idleWatts: watts[0], busyWatts: watts[1]) else {
            throw error(
                .badValue, node,
                "'watts' has \(watts[0]) idle and \(watts[1]) busy; a device takes no less while it computes, from 0 to \(Int(DevicePower.mostWatts)) W"
            )
        }
        return power
    }

    private func link(_ node: Node) throws(ClusterFileError) -> LinkSpeed {
        let values = try keys(of: node, named: "a link", allowed: ["round-trip", "speed"])
        let roundTrip = try values["round-trip"].map { node throws(ClusterFileError) in try seconds(node) }
        let speed = try values["speed"].map { node throws(ClusterFileError) in try rate(node, "speed") }
        return LinkSpeed(
            roundTripSeconds: roundTrip ?? LinkSpeed.nominal.roundTripSeconds,
            bytesPerSecond: speed ?? LinkSpeed.nominal.bytesPerSecond)
    }

    /// `Q4_0: {1: 10.5GB/s, 64: 2.1GB/s}`, or `Q4_0: 10.5GB/s` for one row.
    private func products(_ node: Node) throws(ClusterFileError) -> [ProductSpeed] {
        guard case .mapping(let mapping) = node else {
            throw error(
                .badValue, node, "'products' is a mapping of element types, as Q4_0: {1: 10.5GB/s, 64: 2.1GB/s}")
        }
        var products: [ProductSpeed] = []
        for (key, value) in mapping {
            guard let type = QuantizationType.common.first(where: { $0.name == key.scalar?.string }) else {
                let known = QuantizationType.common.map(\.name).joined(separator: ", ")
                throw error(
                    .unknownKey, key, "there is no product of '\(key.scalar?.string ?? "…")'; known are \(known)")
            }
            if case .mapping(let rates) = value {
                for (rows, speed) in rates {
                    products.append(
                        ProductSpeed(
                            elementType: type.elementType,
                            rows: try number(rows, "rows of \(type.name)", most: 1 << 20),
                            bytesPerSecond: try rate(speed, type.name)))
                }
            } else {
                products.append(
                    ProductSpeed(elementType: type.elementType, rows: 1, bytesPerSecond: try rate(value, type.name)))
            }
        }
        return products
    }

    private func rate(_ node: Node, _ key: String) throws(ClusterFileError) -> Double {
        let written = try text(node, key)
        guard let rate = ByteRate(parsing: written) else {
            throw error(
                .badValue, node, "'\(key)' is '\(written)'; write a rate as 11.4GB/s, 800MB/s or, for a link, 1Gbit/s")
        }
        return rate.bytesPerSecond
    }

    private func seconds(_ node: Node) throws(ClusterFileError) -> Double {
        let written = try text(node, "round-trip")
        let units = [("us", 1e-6), ("ms", 1e-3), ("s", 1.0)]
        let compact = written.filter { $0 != " " }
        guard let (suffix, scale) = units.first(where: { compact.hasSuffix($0.0) }),
            let value = Double(compact.dropLast(suffix.count)), (0...60).contains(value * scale)
        else {
            throw error(.badValue, node, "'round-trip' is '\(written)'; write a time as 0.3ms or 300us")
        }
        return value * scale
    }
}
