package import CoordinatorCore
import Placement

/// One event of `POST /api/models/place`. Which fields are there depends on `event`; sizes are in bytes.
package struct PlacementEvent: Codable, Sendable, Equatable {
    package enum Kind: String, Codable, Sendable {
        /// `device`
        case connecting, connected
        /// `device` measures how fast it is.
        case measuring
        /// `links` are measured.
        case measuringLinks = "measuring_links"
        /// Where the layers go is decided: `devices` hold them, and so many `tokens_per_second` are expected of one stream, and
        /// `tokens_per_second_of_streams` of `streams` together.
        case placed
        /// `message`: what should be known, such as whose answers are waited for.
        case note
        /// `message`: a device was lost, or no placement stands yet; it is tried again.
        case waiting
        /// `shards` are read and hashed.
        case identifying
        /// `done` of `total` bytes of what `device` needs are there.
        case sending
        /// `sent_bytes` over the coordinator's link, `passed_on_bytes` from device to device.
        case brought
        /// Shards on `device` were damaged and are brought again; `message`.
        case repairing
        /// `done` of `total` bytes are loaded on `device`.
        case loading
        /// The last event: `model` answers; `stages` say where its layers are.
        case ready
    }

    package var event: Kind
    package var device: String?
    package var shards: Int?
    package var links: Int?
    package var devices: Int?
    package var tokensPerSecond: Double?
    package var streams: Int?
    package var tokensPerSecondOfStreams: Double?
    package var done: Int?
    package var total: Int?
    package var sentBytes: Int?
    package var passedOnBytes: Int?
    package var message: String?
    package var model: String?
    package var stages: [ClusterBody.Stage]?

    enum CodingKeys: String, CodingKey {
        case event, device, shards, links, devices, streams, done, total, message, model, stages
        case tokensPerSecond = "tokens_per_second"
        case tokensPerSecondOfStreams = "tokens_per_second_of_streams"
        case sentBytes = "sent_bytes"
        case passedOnBytes = "passed_on_bytes"
    }
}

extension PlacementEvent {
    /// Nil for what the last event tells, or nobody needs.
    init?(_ progress: StartupProgress) {
        switch progress {
        case .connecting(let device): self.init(event: .connecting, device: device)
        case .connected(let device, _): self.init(event: .connected, device: device)
        case .measuring(let device): self.init(event: .measuring, device: device)
        case .measuringLinks(let count): self.init(event: .measuringLinks, links: count)
        case .placed(let plan):
            self.init(
                event: .placed, devices: Set(plan.stages.map(\.device)).count,
                tokensPerSecond: plan.prediction.tokensPerSecond, streams: plan.prediction.streams,
                tokensPerSecondOfStreams: plan.prediction.tokensPerSecondOfStreams)
        case .note(let message): self.init(event: .note, message: message)
        case .lost(let message), .waiting(let message): self.init(event: .waiting, message: message)
        case .identifying(let shards): self.init(event: .identifying, shards: shards)
        case .sending(let device, let done, let total):
            self.init(event: .sending, device: device, done: done, total: total)
        case .brought(let sent, let passedOn):
            self.init(event: .brought, sentBytes: sent, passedOnBytes: passedOn)
        case .repairing(let device, let message): self.init(event: .repairing, device: device, message: message)
        case .loading(let device, let done, let total):
            self.init(event: .loading, device: device, done: done, total: total)
        case .ready: return nil
        }
    }

    init(placed model: ServedModel, on report: ClusterReport) {
        self.init(event: .ready, model: model.id, stages: report.stages.map { ClusterBody.Stage($0, nil) })
    }

    /// The event as the coordinator told it, for displays; nil for the last one.
    package var progress: StartupProgress? {
        switch event {
        case .connecting: device.map { .connecting(device: $0) }
        case .measuring: device.map { .measuring(device: $0) }
        case .measuringLinks: .measuringLinks(links ?? 0)
        case .note: .note(message ?? "")
        case .waiting: .waiting(message ?? "")
        case .identifying: shards.map { .identifying(shards: $0) }
        case .sending: device.map { .sending(device: $0, bytes: done ?? 0, of: total ?? 0) }
        case .brought: .brought(sentBytes: sentBytes ?? 0, passedOnBytes: passedOnBytes ?? 0)
        case .repairing: device.map { .repairing(device: $0, message ?? "") }
        case .loading: device.map { .loading(device: $0, done: done ?? 0, of: total ?? 0) }
        case .connected, .placed, .ready: nil
        }
    }
}
