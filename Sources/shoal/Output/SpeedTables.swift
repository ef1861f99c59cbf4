import API
import CoordinatorCore
import Foundation

/// How fast devices and links are, for people.
enum SpeedTables {
    /// The types whose products are shown, which most models are of; JSON has all.
    private static let types = ["Q4_0", "Q4_K", "Q6_K", "Q8_0"]
    private static let rows = (one: 1, many: 64)

    /// A line per device that was measured; nil where none was.
    static func devices(_ profiles: [(device: String, profile: ProfileBody)]) -> String? {
        guard !profiles.isEmpty else { return nil }
        var table = Table(
            [("speed of", .left), ("processors", .right), ("memory GB/s", .right), ("disk MB/s", .right)]
                + types.map { ($0, .right) }, spare: ["Q8_0", "Q6_K", "disk MB/s", "Q4_0", "processors"])
        for (device, profile) in profiles {
            let processors =
                profile.processorQuota.map { "\(digits($0, 2)) of quota" }
                ?? "\(profile.threads) thread\(profile.threads == 1 ? "" : "s")"
            table.add(
                [
                    device, processors, digits(Double(profile.readBytesPerSecond) / 1e9, 1),
                    profile.diskBytesPerSecond.map { digits(Double($0) / 1e6, 0) } ?? "–",
                ] + types.map { "\(rate(profile, $0, rows.one)) / \(rate(profile, $0, rows.many))" })
        }
        let watts = profiles.compactMap { device, profile -> String? in
            guard let idle = profile.idleWatts, let busy = profile.busyWatts else { return nil }
            return "\(device) takes \(digits(idle, 1)) W idle and \(digits(busy, 1)) W computing"
        }
        return ([table.description] + watts).joined(separator: "\n") + "\n"
            + Table.beside("weights of a type: GB/s multiplied with \(rows.one) row / with \(rows.many) rows at once")
    }

    /// A line per link; nil where none was measured.
    static func links(_ links: [LinkBody]) -> String? {
        guard !links.isEmpty else { return nil }
        var table = Table([("link from", .left), ("to", .left), ("round trip", .right), ("MB/s", .right)])
        for link in links {
            table.add([
                link.from, link.to, milliseconds(link.roundTripSeconds), digits(link.bytesPerSecond / 1e6, 0),
            ])
        }
        return table.description
    }

    /// A table of one device with all types and numbers of rows.
    static func whole(_ profile: ProfileBody) -> String {
        let counts = Array(Set(profile.products.map(\.rows))).sorted()
        var table = Table([("weights", .left)] + counts.map { ("\($0) row\($0 == 1 ? "" : "s")", .right) })
        var seen = Set<String>()
        for type in profile.products.map(\.type) where seen.insert(type).inserted {
            table.add([type] + counts.map { rate(profile, type, $0) })
        }
        return table.description + "\nGB/s of weights, as a model's file has them, multiplied with so many rows at once"
    }

    static func milliseconds(_ seconds: Double) -> String { digits(seconds * 1000, seconds < 0.1 ? 2 : 0) + " ms" }

    static func digits(_ value: Double, _ count: Int) -> String { String(format: "%.\(count)f", value) }

    private static func rate(_ profile: ProfileBody, _ type: String, _ rows: Int) -> String {
        profile.rate(of: type, rows: rows).map { digits(Double($0) / 1e9, $0 < 1_000_000_000 ? 2 : 1) } ?? "–"
    }
}
