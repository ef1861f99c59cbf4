/// Who holds a stage. Today one device; a type of its own because a group of devices may share a stage later.
package struct StageHolder: Sendable, Hashable, Codable {
    /// The device that receives the stage's input and sends its output.
    package let device: String

    /// A stage held by one device.
    package init(device: String) { self.device = device }
}

/// A contiguous part of the model on one holder.
package struct PlacedStage: Sendable, Hashable, Codable {
    /// Who holds the stage.
    package internal(set) var holder: StageHolder
    /// Whether the stage begins with the token embedding.
    package internal(set) var embedding: Bool
    /// The layers, `first..<last`; empty for a stage of the embedding or the head alone.
    package internal(set) var layers: Range<Int>
    /// Whether the stage ends with the final norm and the output matrix.
    package internal(set) var head: Bool
    /// Bytes of weights. A tied output matrix on the embedding's device counts with the embedding.
    package internal(set) var weightBytes: Int = 0
    /// Bytes of them that are experts which memory has no room for: they are read from the disk when they are chosen.
    package internal(set) var expertBytesOnDisk: Int = 0
    /// Bytes of the KV cache for the asked context and slots.
    package internal(set) var keyValueBytes: Int = 0
    /// Bytes of buffers; counted on the first stage of each device.
    package internal(set) var scratchBytes: Int = 0
    /// The device's budget, for all of its stages.
    package let memoryBytes: Int
    /// What all of the device's stages leave free of its budget.
    package internal(set) var headroomBytes: Int = 0
    /// Predicted time that a step of one row is computed for, in seconds, where the stage has waited for it.
    package internal(set) var stepSeconds: Double = 0
    /// How much of it passes while experts are read from the disk, in seconds.
    package internal(set) var diskSeconds: Double = 0
    /// How the stage's results are written; f32 where they stay on the device.
    package internal(set) var codec: RowCodec = .f32
    /// Predicted time until such a step's results are at the next stage, or back at the coordinator, in seconds; 0 within a process.
    package internal(set) var hopSeconds: Double = 0

    /// The device that holds the stage.
    package var device: String { holder.device }
    /// Bytes of memory that this stage takes.
    package var usedBytes: Int { weightBytes - expertBytesOnDisk + keyValueBytes + scratchBytes }
}

/// A device that holds nothing, and why.
package struct UnusedDevice: Sendable, Hashable, Codable {
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

/// What a plan is expected to do.
package struct PlanPrediction: Sendable, Hashable, Codable {
    /// Positions before the rows that are decoded.
    package let history: Int
    /// A step of one row, from its tokens to the next one's, in seconds.
    package let stepSeconds: Double
    /// How much of that step passes while experts are read from disks, in seconds.
    package let diskSeconds: Double
    /// The longest time for which such a step takes a device or a link, in seconds.
    package let largestSeconds: Double
    /// How many times the longest a step takes on its way through a pipe that is full: steps that are worked on at a time. Nil where nothing
    /// takes time.
    package let depth: Double?
    /// Tokens per second of one stream.
    package var tokensPerSecond: Double { 1 / stepSeconds }
    /// How many streams at a time the next figures are for.
    package let streams: Int
    /// Streams that share a step when so many run: the number that gives the most tokens.
    package let streamsPerStep: Int
    /// Tokens per second of all those streams together.
    package let tokensPerSecondOfStreams: Double
    /// Tokens of the prompt that the next figure is for.
    package let promptTokens: Int
    /// From a prompt to its first token when nothing else runs, in seconds.
    package let secondsToFirstToken: Double
    /// Joules of all devices that hold something, for each token of one stream; nil where the power of one is not known.
    package let joulesPerToken: Double?
    /// Devices whose speed nobody measured, so that a nominal one was taken.
    package let unmeasuredDevices: [String]
    /// Devices with a link that was not measured, so that a nominal one was taken.
    package let unmeasuredLinks: [String]
    /// Devices that keep experts on a disk which was not measured, so that a nominal one was taken.
    package let unmeasuredDisks: [String]

    /// Whether a step waits for disks most of its time.
    package var isBoundByDisk: Bool { diskSeconds > stepSeconds / 2 }
}

/// The stages that cover a model, in the order a step passes them: the first has the embedding, the last the head.
package struct PlacementPlan: Sendable, Hashable, Codable {
    /// The stages in order of travel.
    package let stages: [PlacedStage]
    /// The devices that hold nothing.
    package let unused: [UnusedDevice]
    /// What the plan is good at.
    package let objective: PlacementObjective
    /// What it is expected to do.
    package let prediction: PlanPrediction
    /// What else should be known of it, a sentence each.
    package let notes: [String]
    /// How it was found.
    package let search: SearchReport
}
