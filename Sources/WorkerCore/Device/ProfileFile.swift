import Formats
package import Wire

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A device's profile in a folder, as JSON. Each number of threads and set of instructions has a file of its own, so that runs of
/// several kinds do not measure in turns.
///
/// A file that cannot be read or written is as good as none. Safe from any thread.
package struct ProfileFile: Sendable {
    private let folder: String
    private let conditions: MeasuringConditions

    private struct Document: Codable {
        struct Product: Codable {
            /// The type's name, for people; programs go by the number.
            var type: String
            var elementType: UInt32
            var rows: UInt32
            var bytesPerSecond: UInt64
        }

        var softwareVersion: String
        var threads: UInt32
        var instructionSet: String
        var quotaThousandths: UInt32
        var quotaPeriodMicroseconds: UInt32
        var measuredAt: UInt64
        var readBytesPerSecond: UInt64
        var diskBytesPerSecond: UInt64
        var products: [Product]
        /// Absent where nothing measures them.
        var idleMilliwatts: UInt32?
        var busyMilliwatts: UInt32?
    }

    package init(folder: String, conditions: MeasuringConditions) {
        self.folder = folder
        self.conditions = conditions
    }

    private var path: String { "\(folder)/profile-\(conditions.instructionSet)-\(conditions.threads).json" }

    /// What was measured under the same conditions; nil where nothing was, or under others.
    package func load() -> DeviceProfile? {
        guard let data = FileManager.default.contents(atPath: path), data.count < 1 << 20,
            let document = try? Self.decoder.decode(Document.self, from: data),
            MeasuringConditions(
                softwareVersion: document.softwareVersion, threads: document.threads,
                instructionSet: document.instructionSet, quotaThousandths: document.quotaThousandths,
                quotaPeriodMicroseconds: document.quotaPeriodMicroseconds) == conditions,
            document.products.count <= WireLimits.ratesPerProfile,
            document.products.allSatisfy({ (1...65_536).contains($0.rows) })
        else { return nil }
        return DeviceProfile(
            measuredAt: document.measuredAt, threads: document.threads, instructionSet: document.instructionSet,
            readBytesPerSecond: document.readBytesPerSecond, diskBytesPerSecond: document.diskBytesPerSecond,
            products: document.products.map {
                ProductRate(elementType: $0.elementType, rows: $0.rows, bytesPerSecond: $0.bytesPerSecond)
            }, quotaThousandths: document.quotaThousandths,
            quotaPeriodMicroseconds: document.quotaPeriodMicroseconds, idleMilliwatts: document.idleMilliwatts ?? 0,
            busyMilliwatts: document.busyMilliwatts ?? 0)
    }

    package func store(_ profile: DeviceProfile) {
        let document = Document(
            softwareVersion: conditions.softwareVersion, threads: conditions.threads,
            instructionSet: conditions.instructionSet, quotaThousandths: conditions.quotaThousandths,
            quotaPeriodMicroseconds: conditions.quotaPeriodMicroseconds,
            measuredAt: profile.measuredAt, readBytesPerSecond: profile.readBytesPerSecond,
            diskBytesPerSecond: profile.diskBytesPerSecond,
            products: profile.products.map {
                .init(
                    type: ElementType(rawValue: $0.elementType)?.name ?? "", elementType: $0.elementType,
                    rows: $0.rows, bytesPerSecond: $0.bytesPerSecond)
            }, idleMilliwatts: profile.idleMilliwatts > 0 ? profile.idleMilliwatts : nil,
            busyMilliwatts: profile.busyMilliwatts > 0 ? profile.busyMilliwatts : nil)
        guard let data = try? Self.encoder.encode(document), (try? Folder.make(folder)) != nil else { return }
        try? data.write(to: URL(filePath: path), options: .atomic)
    }

    private static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }

    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return encoder
    }
}
