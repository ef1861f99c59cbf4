import ModelParts
import Placement
import Wire

/// From which stages of earlier epochs a new stage takes over caches, and weights that are loaded. A pure decision.
struct StageTransfer: Sendable, Hashable {
    /// What a connected device holds.
    struct Holding: Sendable {
        var device: String
        /// Where other workers reach it; `nil` for the coordinator's own.
        var address: String?
        /// Who it is by its certificate.
        var identity: String?
        /// Its stages, those of other coordinators too.
        var stages: [StageReport]
        /// Those of them that the coordinator had it load: what it says of others is not believed where other devices would go by it.
        var known: Set<StagePlaces.Place>
    }

    /// The sources, for the request to load the stage.
    var sources: [CacheSource] = []
    /// Whether caches come from another device.
    var isRemote: Bool { sources.contains { $0.address != nil } }
    /// The other devices that caches come from.
    private(set) var lenders: Set<String> = []

    /// - Parameters:
    ///   - stage: the new stage.
    ///   - holdings: what devices hold, the stage's own among them.
    ///   - session: the coordinator's.
    ///   - takesCaches: whether there are sequences whose caches matter, so that it is worth it to fetch them from elsewhere.
    init(to stage: PlacedStage, from holdings: [Holding], session: UInt64, takesCaches: Bool) {
        let range = Replacement.PlacedRange(stage).range
        var missing = Set(stage.layers)
        for holding in holdings where holding.device == stage.device {
            for held in holding.stages where held.session == session {
                let common = Set(held.range.layers).intersection(stage.layers)
                guard !common.isEmpty || held.range == range else { continue }
                sources.append(CacheSource(epoch: held.epoch, stage: held.stage))
                missing.subtract(common)
            }
        }
        guard takesCaches else { return }
        for holding in holdings where holding.device != stage.device {
            guard let address = holding.address else { continue }
            for held in holding.stages where held.session == session {
                guard !missing.isDisjoint(with: held.range.layers),
                    holding.known.contains(StagePlaces.Place(epoch: held.epoch, stage: held.stage))
                else { continue }
                sources.append(
                    CacheSource(
                        epoch: held.epoch, stage: held.stage, address: address, identity: holding.identity))
                lenders.insert(holding.device)
                missing.subtract(held.range.layers)
            }
        }
    }
}
