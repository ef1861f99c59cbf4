import Placement

/// A plan as a table: one line per stage, in the order a token travels.
struct PlacementTable: CustomStringConvertible {
    private let plan: PlacementPlan

    init(_ plan: PlacementPlan) { self.plan = plan }

    var description: String {
        var table = Table([
            ("stage", .right), ("device", .left), ("holds", .left), ("weights", .right), ("KV cache", .right),
            ("scratch", .right),
            ("memory", .right), ("free after", .right),
        ])
        for (index, stage) in plan.stages.enumerated() {
            table.add([
                "\(index)", stage.device, Self.parts(of: stage), "\(ByteCount(stage.weightBytes))",
                "\(ByteCount(stage.keyValueBytes))", "\(ByteCount(stage.scratchBytes))",
                "\(ByteCount(stage.memoryBytes))",
                "\(ByteCount(stage.headroomBytes))",
            ])
        }
        return ([table.description] + plan.unused.map { "not used: \($0.device): \($0.reason)" }).joined(
            separator: "\n")
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
