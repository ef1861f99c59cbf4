import CoordinatorCore
import Placement
import Wire

/// The answer of `GET /api/cluster`. Sizes are in bytes, ranges of layers end before `last_layer`.
package struct ClusterBody: Codable, Sendable, Equatable {
    package struct Model: Codable, Sendable, Equatable {
        package var id: String
        package var architecture: String
        package var context: Int
        package var fileBytes: Int
        package var layers: Int

        enum CodingKeys: String, CodingKey {
            case id, architecture, context, layers
            case fileBytes = "file_bytes"
        }
    }

    /// A stage of the placement, in order of travel.
    package struct Stage: Codable, Sendable, Equatable {
        package var device: String
        package var embedding: Bool
        package var firstLayer: Int
        package var lastLayer: Int
        package var head: Bool
        package var weightBytes: Int
        /// Of these, experts that stay on the device's disk; absent where none do.
        package var expertBytesOnDisk: Int?
        package var keyValueBytes: Int
        package var scratchBytes: Int
        package var memoryBytes: Int
        package var headroomBytes: Int
        /// What it did since it was loaded; absent while its device does not say.
        package var work: StageWorkBody?

        enum CodingKeys: String, CodingKey {
            case device, embedding, head, work
            case firstLayer = "first_layer"
            case lastLayer = "last_layer"
            case weightBytes = "weight_bytes"
            case expertBytesOnDisk = "expert_bytes_on_disk"
            case keyValueBytes = "key_value_bytes"
            case scratchBytes = "scratch_bytes"
            case memoryBytes = "memory_bytes"
            case headroomBytes = "headroom_bytes"
        }
    }

    /// A device that holds nothing.
    package struct Unused: Codable, Sendable, Equatable {
        package var device: String
        package var reason: String
    }

    package var status: HealthBody
    /// Absent while no model is placed.
    package var model: Model?
    package var epoch: UInt32
    package var runningSequences: Int
    package var waitingSequences: Int
    /// Absent without a model, as `scheduler`.
    package var keyValuePages: KeyValuePagesBody?
    package var scheduler: SchedulerBody?
    package var devices: [DeviceBody]
    package var stages: [Stage]
    package var unused: [Unused]
    /// The links between devices that were measured.
    package var links: [LinkBody]
    package var speed: SpeedBody
    /// What the devices of the placement take; absent where that of one is not known.
    package var energy: EnergyBody?

    enum CodingKeys: String, CodingKey {
        case status, model, epoch, devices, stages, unused, links, speed, energy, scheduler
        case keyValuePages = "key_value_pages"
        case runningSequences = "running_sequences"
        case waitingSequences = "waiting_sequences"
    }
}

extension ClusterBody {
    init(_ report: ClusterReport, model: ServedModel?, readiness: Readiness) {
        self.init(
            status: HealthBody(readiness), model: model.map { Model($0) }, epoch: report.epoch,
            runningSequences: report.runningSequences, waitingSequences: report.waitingSequences,
            keyValuePages: report.scheduler.map { KeyValuePagesBody($0.pages) },
            scheduler: report.scheduler.map { SchedulerBody($0, queueLimit: report.queueLimit) },
            devices: report.devices.map(DeviceBody.init), stages: zip(report.stages, report.work).map { Stage($0, $1) },
            unused: report.unused.map { Unused(device: $0.device, reason: $0.reason) },
            links: report.links.entries.map(LinkBody.init), speed: SpeedBody(report.speed),
            energy: report.energy.map(EnergyBody.init))
    }
}

extension ClusterBody.Model {
    init(_ model: ServedModel) {
        self.init(
            id: model.id, architecture: model.architecture, context: model.context, fileBytes: model.fileBytes,
            layers: model.layerCount)
    }
}

extension ClusterBody.Stage {
    init(_ stage: PlacedStage, _ work: StageWork?) {
        self.init(
            device: stage.device, embedding: stage.embedding, firstLayer: stage.layers.lowerBound,
            lastLayer: stage.layers.upperBound, head: stage.head, weightBytes: stage.weightBytes,
            expertBytesOnDisk: stage.expertBytesOnDisk > 0 ? stage.expertBytesOnDisk : nil,
            keyValueBytes: stage.keyValueBytes, scratchBytes: stage.scratchBytes, memoryBytes: stage.memoryBytes,
            headroomBytes: stage.headroomBytes, work: work.map(StageWorkBody.init))
    }
}
