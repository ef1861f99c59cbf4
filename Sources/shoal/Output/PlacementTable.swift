import Foundation
import Placement
import Wire

/// A plan for people: a table with a line per stage, in the order a token travels, then what it is expected to do and why it is so.
struct PlacementTable: CustomStringConvertible {
    private let plan: PlacementPlan

    init(_ plan: PlacementPlan) { self.plan = plan }

    var description: String {
        let lines =
            predictions + plan.notes.map { "note: \($0)" }
            + plan.unused.map { "not used: \($0.device): \($0.reason)" }
        return ([table.description, ""] + lines.map { Table.beside($0.printable(onOneLine: true)) }).joined(
            separator: "\n")
    }

    private var table: Table {
        // A column that plans without experts on disk do without.
        let usesDisk = plan.stages.contains { $0.expertBytesOnDisk > 0 }
        var table = Table(
            [("stage", .right), ("device", .left), ("holds", .left), ("weights", .right)]
                + (usesDisk ? [("on disk", .right)] : []) + [
                    ("KV cache", .right), ("scratch", .right), ("memory", .right), ("free after", .right),
                    ("ms per step", .right), ("ms to next", .right), ("sent as", .left),
                ], spare: ["scratch", "free after", "sent as", "ms to next", "KV cache", "ms per step"])
        for (index, stage) in plan.stages.enumerated() {
            table.add(
                [
                    "\(index)", stage.device, Self.parts(of: stage), "\(ByteCount(stage.weightBytes))",
                ] + (usesDisk ? ["\(ByteCount(stage.expertBytesOnDisk))"] : []) + [
                    "\(ByteCount(stage.keyValueBytes))", "\(ByteCount(stage.scratchBytes))",
                    "\(ByteCount(stage.memoryBytes))", "\(ByteCount(stage.headroomBytes))",
                    String(format: "%.2f", stage.stepSeconds * 1e3), String(format: "%.2f", stage.hopSeconds * 1e3),
                    stage.hopSeconds > 0 ? stage.codec.rawValue : "",
                ])
        }
        return table
    }

    private var predictions: [String] {
        let prediction = plan.prediction
        var lines = [
            "predicted after \(prediction.history) tokens: \(Self.rate(prediction.tokensPerSecond)) for one stream"
                + (prediction.streams > 1
                    ? ", \(Self.rate(prediction.tokensPerSecondOfStreams)) for \(prediction.streams) streams together "
                        + "(\(prediction.streamsPerStep) in each step)" : ""),
            "predicted time to the first token of a prompt of \(prediction.promptTokens): "
                + Self.time(prediction.secondsToFirstToken),
            "objective: \(plan.objective.rawValue)",
        ]
        if let joules = prediction.joulesPerToken {
            lines.append(
                "predicted for one stream: \(String(format: "%.3g", joules)) joules per token of all devices that hold something"
            )
        }
        if prediction.diskSeconds > 0 {
            lines.append(
                "experts on disk: \(Self.time(prediction.diskSeconds)) of the \(Self.time(prediction.stepSeconds)) of a token are reading them"
                    + (prediction.isBoundByDisk ? ": the disk bounds the speed" : ""))
        }
        if !prediction.unmeasuredDisks.isEmpty {
            lines.append(
                "disk not measured: \(prediction.unmeasuredDisks.joined(separator: ", ")) "
                    + "(taken as \(ByteRate(DeviceSpeed.nominalDisk)))")
        }
        if !prediction.unmeasuredDevices.isEmpty {
            lines.append(
                "speed not measured: \(prediction.unmeasuredDevices.joined(separator: ", ")) "
                    + "(taken as \(ByteRate(DeviceSpeed.nominal.readBytesPerSecond)) of memory each: the times above are no more than a guess)"
            )
        }
        if !prediction.unmeasuredLinks.isEmpty {
            lines.append(
                "link not measured: \(prediction.unmeasuredLinks.joined(separator: ", ")) (taken as 1 Gbit/s)")
        }
        return lines
    }

    private static func rate(_ tokens: Double) -> String {
        String(format: tokens < 10 ? "%.2f tokens/s" : "%.1f tokens/s", tokens)
    }

    private static func time(_ seconds: Double) -> String {
        seconds < 1 ? String(format: "%.0f ms", seconds * 1e3) : String(format: "%.1f s", seconds)
    }

    /// What a stage holds, in words.
    static func parts(of stage: PlacedStage) -> String {
        var parts: [String] = []
        if stage.embedding { parts.append("embedding") }
        if stage.layers.count == 1 { parts.append("layer \(stage.layers.lowerBound)") }
        if stage.layers.count > 1 { parts.append("layers \(stage.layers.lowerBound)-\(stage.layers.upperBound - 1)") }
        if stage.head { parts.append("head") }
        return parts.joined(separator: ", ")
    }
}
