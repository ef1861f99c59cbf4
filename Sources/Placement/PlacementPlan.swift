/// Who holds a stage. Today one device; a type of its own because a group of devices may share a stage later.
package struct StageHolder: Sendable, Hashable {
    /// The device that receives the stage's input and sends its output.
    package let device: String

    /// A stage held by one device.
    package init(device: String) { self.device = device }
}

/// A contiguous part of the model on one holder.
package struct PlacedStage: Sendable, Hashable {
    /// Who holds the stage.
    package let holder: StageHolder
    /// Whether the stage begins with the token embedding.
    package internal(set) var embedding: Bool
    /// The layers, `first..<last`; empty for a stage of the embedding or the head alone.
    package internal(set) var layers: Range<Int>
    /// Whether the stage ends with the final norm and the output matrix.
    package internal(set) var head: Bool
    /// Bytes of weights. A tied output matrix on the embedding's device counts with the embedding.
    package internal(set) var weightBytes: Int
    /// Bytes of the KV cache for the asked context and slots.
    package internal(set) var keyValueBytes: Int
    /// Bytes of buffers; counted on the first stage of each device.
    package internal(set) var scratchBytes: Int
    /// The device's budget, for all of its stages.
    package let memoryBytes: Int
    /// What all of the device's stages leave free of its budget.
    package internal(set) var headroomBytes: Int

    /// Describes a stage.
    package init(
        holder: StageHolder, embedding: Bool, layers: Range<Int>, head: Bool, weightBytes: Int, keyValueBytes: Int,
        scratchBytes: Int, memoryBytes: Int, headroomBytes: Int
    ) {
        self.holder = holder
        self.embedding = embedding
        self.layers = layers
        self.head = head
        self.weightBytes = weightBytes
        self.keyValueBytes = keyValueBytes
        self.scratchBytes = scratchBytes
        self.memoryBytes = memoryBytes
        self.headroomBytes = headroomBytes
    }

    /// The device that holds the stage.
    package var device: String { holder.device }
    /// Bytes that this stage takes.
    package var usedBytes: Int { weightBytes + keyValueBytes + scratchBytes }
}

/// A device that holds nothing, and why.
package struct UnusedDevice: Sendable, Hashable {
    /// The device's name.
    package let device: String
    /// One sentence for people.
    package let reason: String

    /// Names a device and the reason.
    package init(device: String, reason: String) {
        self.device = device
        self.reason = reason
    }
}

/// The stages that cover a model, in the order a step passes them: the first has the embedding, the last the head.
package struct PlacementPlan: Sendable, Hashable {
    /// The stages in order of travel.
    package let stages: [PlacedStage]
    /// The devices that hold nothing.
    package let unused: [UnusedDevice]

    /// Describes a plan.
    package init(stages: [PlacedStage], unused: [UnusedDevice] = []) {
        self.stages = stages
        self.unused = unused
    }
}
