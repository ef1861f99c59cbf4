import ModelParts
import ModelGraph
import NIOCore
import Synchronization
import Transport
import Wire

/// A stage that is ready: its layers, and where its results go.
///
/// `run` on the compute thread only; `report` from any thread.
final class LoadedStage: Sendable {
    let request: LoadStage
    /// Of the compute thread, but for what never changes.
    let stage: Stage
    private let next: any Link
    /// Keeps its shards in the store.
    let lease: StageLease?
    /// What it was loaded for to take.
    let need: StageNeed
    private let memory: ResultMemory
    private let facts: Mutex<Facts>
    /// Room for the results of a step, kept for the next one; of the compute thread.
    private nonisolated(unsafe) var results: [Float] = []
    /// Elements of it that are kept at most: 1 MiB, so that a long prompt's room is given back.
    private static let keptResults = 1 << 18

    private struct Facts {
        var keyValueBytes: Int
        var sequences: Int
        var counter = StageCounter()
    }

    init(
        request: LoadStage, stage: Stage, next: any Link, lease: StageLease? = nil, need: StageNeed,
        memory: ResultMemory
    ) {
        self.request = request
        self.stage = stage
        self.next = next
        self.lease = lease
        self.need = need
        self.memory = memory
        facts = Mutex(Facts(keyValueBytes: stage.keyValueBytes, sequences: 0))
    }

    func report(as key: StageKey) -> StageReport {
        let facts = facts.withLock { $0 }
        return StageReport(
            session: key.session, epoch: key.epoch, stage: key.stage, modelName: request.modelName,
            range: request.range,
            weightBytes: UInt64(heldWeightBytes), keyValueBytes: UInt64(facts.keyValueBytes),
            sequences: UInt32(facts.sequences), work: facts.counter.work)
    }

    /// Bytes of experts that memory need not hold.
    var expertBytesOnDisk: Int { Int(clamping: request.expertBytesOnDisk) }

    /// Bytes of weights that memory holds.
    var heldWeightBytes: Int { max(0, stage.weightBytes - expertBytesOnDisk) }

    /// Whether the stage may become what is asked for without being loaded again.
    func canBecome(_ request: LoadStage) -> Bool {
        let present = self.request
        return !stage.isDamaged && present.range == request.range && present.shards == request.shards
            && present.modelName == request.modelName && present.compute == request.compute
            && present.keyValueType == request.keyValueType && present.context == request.context
            && stage.expertsOnDisk == (request.expertBytesOnDisk > 0)
            && present.windows.isEmpty == request.windows.isEmpty
    }

    /// Whether its caches are laid out as those of a stage that is asked for.
    func hasCaches(for request: LoadStage) -> Bool {
        self.request.compute == request.compute && self.request.keyValueType == request.keyValueType
            && self.request.windows.isEmpty == request.windows.isEmpty
    }

    /// What kind of state a layer keeps, by its number in the model; nil where it reads what another keeps.
    func kind(layer: Int) -> StateKind? { stage.cacheLayout.kind(layer: layer - stage.range.layers.lowerBound) }

    /// Closes all sequences and opens these.
    func install(_ caches: [UInt32: SequenceCache]) {
        stage.replaceCaches(with: caches)
        facts.withLock { facts in
            facts.keyValueBytes = stage.keyValueBytes
            facts.sequences = stage.openSequences
        }
    }

    /// What a step would take of memory.
    ///
    /// - Throws: `WorkerError` (bad request) when its results do not fit a frame.
    func demand(of frame: StepFrame) throws(WorkerError) -> StepDemand {
        try StepDemand(
            frame, inputWidth: request.range.embedding ? 1 : stage.inputWidth, outputWidth: stage.outputWidth,
            codec: codec, prunes: prunes(frame))
    }

    /// Whether rows that nobody wants end here.
    private func prunes(_ frame: StepFrame) -> Bool {
        frame.pruned || stage.endsLayers || frame.replayThrough.map { request.stage >= $0 } ?? false
    }

    /// Computes a step, its entries in order, and sends the results to the next stage.
    ///
    /// - Parameters:
    ///   - demand: what it takes, which the caller has found to be there.
    ///   - arrived: when it came.
    ///   - left: called once, on any thread, when the results have left this process, unless this throws.
    /// - Throws: `WorkerError`; then nothing is sent on.
    func run(
        _ frame: StepFrame, demand: StepDemand, arrived: ContinuousClock.Instant, left: @escaping @Sendable () -> Void
    ) throws(WorkerError) {
        let began = ContinuousClock.now
        let input = try StepInput(frame, width: stage.inputWidth, takesTokens: request.range.embedding)
        let pruned = prunes(frame)
        var results: [Float] = []
        swap(&results, &self.results)
        results.removeAll(keepingCapacity: true)
        results.reserveCapacity(demand.rows * stage.outputWidth)
        var batch = StepBatch(pruned: frame.pruned, prunes: pruned)
        for entry in frame.entries {
            if case .rows(let sequence, let position, let count, let output) = entry {
                batch.add(RowSpan(sequence: sequence, position: Int(position), count: Int(count)), output: output)
                continue
            }
            // A command to a sequence whose rows came before it waits for them; so does a fork of one.
            let waits = if case .fork(_, let source, _) = entry { batch.holds(source) } else { false }
            if waits || batch.holds(entry.sequence) { try compute(&batch, of: input, in: frame, into: &results) }
            try apply(entry, in: frame)
        }
        try compute(&batch, of: input, in: frame, into: &results)
        let sent = frame.next(results, width: stage.outputWidth, codec: codec, pruned: pruned)
        // Counted first: who has the results may ask for the count.
        let timesArrival = facts.withLock { facts in
            facts.keyValueBytes = stage.keyValueBytes
            facts.sequences = stage.openSequences
            let ended = ContinuousClock.now
            facts.counter.add(
                rows: frame.rowCount, received: frame.payload.readableBytes, sent: sent.payload.readableBytes,
                arrived: arrived, began: began, ended: ended)
            return facts.counter.timesArrival(of: ended)
        }
        if timesArrival {
            next.timeArrival { [weak self] time in self?.facts.withLock { $0.counter.add(arrival: time) } }
        }
        if results.capacity <= Self.keptResults { self.results = results }
        let bytes = demand.payloadBytes
        memory.add(bytes)
        next.send(.step(sent)) { [memory] _ in
            memory.remove(bytes)
            left()
        }
    }

    private var codec: ActivationCodec { request.range.head ? .f32 : request.activationCodec }

    private func compute(
        _ batch: inout StepBatch, of input: StepInput, in frame: StepFrame, into results: inout [Float]
    ) throws(WorkerError) {
        guard batch.rows > 0 else { return }
        let count = batch.wanted.count * stage.outputWidth
        let first = results.count
        results.append(contentsOf: repeatElement(0, count: count))
        let failure = results.withUnsafeMutableBufferPointer { results -> ModelError? in
            input.withRows(batch.firstRow..<batch.firstRow + batch.rows) { rows -> ModelError? in
                do throws(ModelError) {
                    try stage.forward(
                        input: rows, spans: batch.spans, isReplay: frame.replayThrough != nil, outputRows: batch.wanted,
                        output: UnsafeMutableBufferPointer(rebasing: results[first...]))
                    return nil
                } catch {
                    return error
                }
            }
        }
        if let failure {
            var error = WorkerError(failure)
            if failure.code == .notFinite { error.message = "\(request.modelName): \(error.message)" }
            throw error
        }
        batch.startNext()
    }

    private func checkSlots(_ command: StepEntry) throws(WorkerError) {
        switch command {
        case .open, .fork:
            guard stage.openSequences < request.slots else {
                throw WorkerError(.busy, "all \(request.slots) slots of the stage are taken: close a sequence first")
            }
        case .rows, .trim, .close: break
        }
    }

    private func apply(_ command: StepEntry, in frame: StepFrame) throws(WorkerError) {
        if frame.replayThrough == nil { try checkSlots(command) }
        do throws(ModelError) {
            if let last = frame.replayThrough {
                // The stages behind it lack nothing.
                guard request.stage <= last, case .fork(let sequence, let source, let positions) = command else {
                    return
                }
                return try stage.refork(sequence: sequence, from: source, positions: Int(positions))
            }
            switch command {
            case .open(let sequence): try stage.open(sequence: sequence)
            case .fork(let sequence, let source, let positions):
                try stage.fork(sequence: sequence, from: source, positions: Int(positions))
            case .trim(let sequence, let position): try stage.trim(sequence: sequence, to: Int(position))
            case .close(let sequence): stage.close(sequence: sequence)
            case .rows: break
            }
        } catch {
            throw WorkerError(error)
        }
    }
}

extension StepFrame {
    /// The frame for the stage after the one that made `results`, `[rows, width]`.
    fileprivate func next(_ results: [Float], width: Int, codec: ActivationCodec, pruned: Bool) -> StepFrame {
        var payload = ByteBufferAllocator().buffer(capacity: results.count / width * codec.rowBytes(width: width))
        codec.encode(results, into: &payload)
        return StepFrame(
            epoch: epoch, stage: stage + 1, step: step, entries: entries, width: width, codec: codec, pruned: pruned,
            replayThrough: replayThrough, payload: payload)
    }
}
