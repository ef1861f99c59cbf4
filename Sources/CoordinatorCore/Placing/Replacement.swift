import ModelParts
import ClusterStore
import Placement
import Wire

/// Which placements may follow one that lost devices or gets others, the one that disturbs least first. A pure decision.
///
/// Stages whose device is still there stay where they are, so that they keep their caches; the layers that lost their device go to one that
/// has them in its store, else to any. Only where that does not fit all is planned anew.
struct Replacement: Sendable {
    /// What a device has of the model in its store.
    typealias Stored = @Sendable (_ device: String, _ stage: PlacedRange) -> Bool

    /// The part of the model that a stage has.
    struct PlacedRange: Sendable, Hashable {
        var device: String
        var embedding: Bool
        var layers: Range<Int>
        var head: Bool

        var pins: [Pin] { pins(on: device) }

        func pins(on device: String) -> [Pin] {
            (embedding ? [Pin(.embedding, device: device)] : [])
                + (layers.isEmpty ? [] : [Pin(layers: layers.lowerBound...layers.upperBound - 1, device: device)])
                + (head ? [Pin(.head, device: device)] : [])
        }
    }

    /// Combinations of devices for the lost parts that are looked at.
    private static let combinations = 64

    private let request: PlacementRequest
    private let kept: [PlacedRange]
    private let lost: [PlacedRange]

    /// - Parameters:
    ///   - request: with the devices that there are, and those to be left empty excluded.
    ///   - current: what was placed.
    init(_ request: PlacementRequest, current: [PlacedRange]) {
        let usable = Set(request.devices.map(\.name)).subtracting(request.preferences.excluded)
        self.request = request
        kept = current.filter { usable.contains($0.device) }
        lost = current.filter { !usable.contains($0.device) }
    }

    /// The parts that lost their device.
    var lostParts: [PlacedRange] { lost }

    /// The best placement that keeps what can stay.
    ///
    /// - Parameter isStored: whether a device has what a part needs.
    /// - Throws: `PlacementError` where nothing fits.
    func plan(isStored: Stored) throws(PlacementError) -> PlacementPlan {
        let holders = lost.map { part in
            request.devices.filter { mayTake($0, part) && isStored($0.name, part) }.map(\.name)
        }
        if let plan = best(holders: holders) { return plan }
        if !kept.isEmpty, let plan = try? place(pinned(kept.flatMap(\.pins))) { return plan }
        return try place(request)
    }

    /// The coordinator's own device takes layers only where that is wished, or where it has some already.
    private func mayTake(_ device: DeviceCapacity, _ part: PlacedRange) -> Bool {
        guard !request.preferences.excluded.contains(device.name) else { return false }
        return !device.isCoordinator || part.layers.isEmpty || request.preferences.usesCoordinator
            || kept.contains { $0.device == device.name && !$0.layers.isEmpty }
    }

    /// The best of the placements that give each lost part to one of its holders.
    private func best(holders: [[String]]) -> PlacementPlan? {
        guard !holders.contains(where: \.isEmpty) else { return nil }
        var choices: [[Pin]] = [kept.flatMap(\.pins)]
        for (part, devices) in zip(lost, holders) {
            choices = choices.flatMap { pins in devices.map { pins + part.pins(on: $0) } }
            guard choices.count <= Self.combinations else { return nil }
        }
        return choices.compactMap { try? place(pinned($0)) }.min {
            $0.prediction.stepSeconds < $1.prediction.stepSeconds
        }
    }

    private func pinned(_ pins: [Pin]) -> PlacementRequest {
        var request = request
        request.pins = pins
        return request
    }
}

extension Replacement.PlacedRange {
    init(_ stage: PlacedStage) {
        self.init(device: stage.device, embedding: stage.embedding, layers: stage.layers, head: stage.head)
    }

    init?(_ stage: PlacementRecord.Stage) {
        guard let layers = stage.layers else { return nil }
        self.init(device: stage.device, embedding: stage.embedding, layers: layers, head: stage.head)
    }

    var range: StageRange {
        StageRange(embedding: embedding, layers: layers, head: head)
    }
}

extension Pin {
    /// Whether a placement has the pinned part where it is to be.
    func isObeyed(by placed: [Replacement.PlacedRange]) -> Bool {
        placed.contains { stage in
            guard stage.device == device else { return false }
            return switch part {
            case .layers(let layers):
                stage.layers.contains(layers.lowerBound) && stage.layers.contains(layers.upperBound)
            case .embedding: stage.embedding
            case .head: stage.head
            }
        }
    }
}
