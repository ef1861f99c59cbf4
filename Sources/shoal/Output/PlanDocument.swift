import Placement

/// A plan as JSON. Sizes are in bytes, times in milliseconds, ranges of layers end before `last_layer`.
struct PlanDocument: Encodable {
    struct Stage: Encodable {
        var device: String
        var embedding: Bool
        var firstLayer: Int
        /// Exclusive.
        var lastLayer: Int
        var head: Bool
        var weightBytes: Int
        /// Of these, experts that memory has no room for.
        var expertBytesOnDisk: Int
        var keyValueBytes: Int
        var scratchBytes: Int
        var memoryBytes: Int
        var headroomBytes: Int
        /// Predicted for a step of one row: computing it, and until its results are at the next stage.
        var stepMs: Double
        /// Of it, reading experts from the disk.
        var diskMs: Double
        var hopMs: Double
        var codec: String
    }

    struct Unused: Encodable {
        var device: String
        var reason: String
    }

    struct Prediction: Encodable {
        /// Positions before the decoded rows.
        var history: Int
        var stepMs: Double
        var diskMs: Double
        /// Whether a step waits for disks most of its time.
        var boundByDisk: Bool
        var largestMs: Double
        var tokensPerSecond: Double
        var streams: Int
        var streamsPerStep: Int
        var tokensPerSecondOfStreams: Double
        var promptTokens: Int
        var msToFirstToken: Double
        /// Of one stream; absent where the power of a device is not known.
        var joulesPerToken: Double?
        var unmeasuredDevices: [String]
        var unmeasuredLinks: [String]
        var unmeasuredDisks: [String]
    }

    var fits = true
    var objective: String
    var stages: [Stage]
    var unused: [Unused]
    var prediction: Prediction
    var notes: [String]
    /// Whether no other placement can be better.
    var exact: Bool

    init(_ plan: PlacementPlan) {
        objective = plan.objective.rawValue
        stages = plan.stages.map {
            Stage(
                device: $0.device, embedding: $0.embedding, firstLayer: $0.layers.lowerBound,
                lastLayer: $0.layers.upperBound, head: $0.head, weightBytes: $0.weightBytes,
                expertBytesOnDisk: $0.expertBytesOnDisk,
                keyValueBytes: $0.keyValueBytes, scratchBytes: $0.scratchBytes, memoryBytes: $0.memoryBytes,
                headroomBytes: $0.headroomBytes, stepMs: $0.stepSeconds * 1e3,
                diskMs: $0.diskSeconds * 1e3, hopMs: $0.hopSeconds * 1e3,
                codec: $0.codec.rawValue)
        }
        unused = plan.unused.map { Unused(device: $0.device, reason: $0.reason) }
        let prediction = plan.prediction
        self.prediction = Prediction(
            history: prediction.history, stepMs: prediction.stepSeconds * 1e3, diskMs: prediction.diskSeconds * 1e3,
            boundByDisk: prediction.isBoundByDisk,
            largestMs: prediction.largestSeconds * 1e3, tokensPerSecond: prediction.tokensPerSecond,
            streams: prediction.streams, streamsPerStep: prediction.streamsPerStep,
            tokensPerSecondOfStreams: prediction.tokensPerSecondOfStreams, promptTokens: prediction.promptTokens,
            msToFirstToken: prediction.secondsToFirstToken * 1e3,
            joulesPerToken: prediction.joulesPerToken, unmeasuredDevices: prediction.unmeasuredDevices,
            unmeasuredLinks: prediction.unmeasuredLinks,
            unmeasuredDisks: prediction.unmeasuredDisks)
        notes = plan.notes
        exact = plan.search.isExact
    }
}

/// What is missing for a plan, as JSON.
struct ShortfallDocument: Encodable {
    var fits = false
    var missingBytes: Int
    var layerBytes: Int
    var roomBytes: Int
    /// Each alone is enough; absent where it is not.
    var fittingContext: Int?
    var fittingSlots: Int?
    var smallKeyValuesFit: Bool
    var fittingQuantization: String?
    var extraDeviceBytes: Int?
    var fittingMaximumDevices: Int?
    var largerDisksFit: Bool
    var expertsOnDiskFit: Bool
    var message: String

    init(_ shortfall: PlacementError.Shortfall) {
        missingBytes = shortfall.missingBytes
        layerBytes = shortfall.layerBytes
        roomBytes = shortfall.roomBytes
        fittingContext = shortfall.fittingContext
        fittingSlots = shortfall.fittingSlots
        smallKeyValuesFit = shortfall.smallKeyValuesFit
        fittingQuantization = shortfall.fittingQuantization
        extraDeviceBytes = shortfall.extraDeviceBytes
        fittingMaximumDevices = shortfall.fittingMaximumDevices
        largerDisksFit = shortfall.largerDisksFit
        expertsOnDiskFit = shortfall.expertsOnDiskFit
        message = shortfall.description
    }
}
