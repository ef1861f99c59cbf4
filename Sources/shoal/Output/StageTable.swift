import API
import Placement

/// Where a served model's layers are, as the coordinator tells it: one line per stage, in the order a token travels.
struct StageTable: CustomStringConvertible {
    /// A stage, for programs.
    struct Row: Encodable {
        var device: String
        var embedding: Bool
        var firstLayer: Int
        /// Exclusive.
        var lastLayer: Int
        var head: Bool
        var weightBytes: Int
        /// Of these, experts that stay on the device's disk; absent where none do.
        var expertBytesOnDisk: Int?
        var memoryBytes: Int

        init(_ stage: ClusterBody.Stage) {
            device = stage.device
            embedding = stage.embedding
            firstLayer = stage.firstLayer
            lastLayer = stage.lastLayer
            head = stage.head
            weightBytes = stage.weightBytes
            expertBytesOnDisk = stage.expertBytesOnDisk
            memoryBytes = stage.memoryBytes
        }

        /// What it holds, in words.
        fileprivate var parts: String {
            var parts: [String] = []
            if embedding { parts.append("embedding") }
            let last = lastLayer.saturatingAdd(-1)
            if last == firstLayer { parts.append("layer \(last)") }
            if last > firstLayer { parts.append("layers \(firstLayer)-\(last)") }
            if head { parts.append("head") }
            return parts.joined(separator: ", ")
        }
    }

    private let rows: [Row]

    init(_ stages: [ClusterBody.Stage]) { rows = stages.map(Row.init) }

    var description: String {
        let usesDisk = rows.contains { $0.expertBytesOnDisk ?? 0 > 0 }
        var table = Table(
            [("stage", .right), ("device", .left), ("holds", .left), ("weights", .right)]
                + (usesDisk ? [("on disk", .right)] : []) + [("memory", .right)], spare: ["on disk", "weights"])
        for (index, row) in rows.enumerated() {
            table.add(
                ["\(index)", row.device, row.parts, "\(ByteCount(row.weightBytes))"]
                    + (usesDisk ? ["\(ByteCount(row.expertBytesOnDisk ?? 0))"] : [])
                    + ["\(ByteCount(row.memoryBytes))"])
        }
        return table.description
    }
}
