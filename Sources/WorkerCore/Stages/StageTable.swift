import Synchronization
import Wire

/// Which stage: of which coordinator's run, which of its placements, and where in the order of travel.
struct StageKey: Sendable, Hashable {
    var session: UInt64
    var epoch: UInt32
    var stage: UInt32
}

/// The stages that a worker holds. Safe from any thread; stages compute on the compute thread only.
final class StageTable: Sendable {
    private let stages = Mutex<[StageKey: LoadedStage]>([:])
    /// Bytes of stages that are being built beside others.
    private let promised = Mutex<[StageKey: Int]>([:])

    subscript(key: StageKey) -> LoadedStage? { stages.withLock { $0[key] } }

    func add(_ stage: LoadedStage, as key: StageKey) { stages.withLock { $0[key] = stage } }

    /// Keeps bytes free for a stage that is being built; none once it is there, or will not be.
    func promise(_ bytes: Int, to key: StageKey) { promised.withLock { $0[key] = bytes == 0 ? nil : bytes } }

    /// Whether any stage of a placement is held.
    func holds(session: UInt64, epoch: UInt32) -> Bool {
        stages.withLock { $0.keys.contains { $0.session == session && $0.epoch == epoch } }
    }

    /// Whether any stage of a session is held.
    func holds(session: UInt64) -> Bool { stages.withLock { $0.keys.contains { $0.session == session } } }

    /// Drops stages. To be called on the compute thread, so that none is in use.
    func remove(where condition: (StageKey) -> Bool) {
        stages.withLock { stages in stages = stages.filter { !condition($0.key) } }
    }

    /// Bytes of weights and KV caches in all, and of what is being built.
    var bytes: Int {
        reports.reduce(promised.withLock { $0.values.reduce(0, +) }) {
            $0 + Int(clamping: $1.weightBytes) + Int(clamping: $1.keyValueBytes)
        }
    }

    /// Bytes that they were loaded for to take when all caches are full.
    var neededBytes: Int { stages.withLock { Array($0.values) }.reduce(0) { saturatingSum($0, $1.need.bytes) } }

    /// What those were loaded for to take whose key is so.
    func needs(where condition: (StageKey) -> Bool) -> [StageNeed] {
        stages.withLock { $0.filter { condition($0.key) }.map(\.value.need) }
    }

    var reports: [StageReport] {
        stages.withLock { $0 }.map { $1.report(as: $0) }.sorted {
            ($0.session, $0.epoch, $0.stage) < ($1.session, $1.epoch, $1.stage)
        }
    }
}
