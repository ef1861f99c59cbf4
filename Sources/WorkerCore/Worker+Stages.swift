import Logging
import Transport
import Wire

/// Loading stages, and running steps on them.
extension Worker {
    /// Makes a stage ready: links to the next worker, then builds the stage on the compute thread, or has it taken over.
    ///
    /// - Parameter done: called once, on any thread, with the reply.
    func load(_ request: LoadStage, in session: WorkerSession, done: @escaping @Sendable (ControlBody) -> Void) {
        Task { [self] in
            do throws(WorkerError) {
                try check(request)
                let next: any Link =
                    switch request.next {
                    case .coordinator: session.coordinator
                    case .worker(let address, _, let identity):
                        try await session.link(
                            to: address, identity: identity, of: self, epoch: request.epoch, stage: request.stage)
                    }
                StageLoad(worker: self, request: request, session: session, next: next, done: done).begin()
            } catch {
                done(.failure(Failure(code: error.code, message: error.message)))
            }
        }
    }

    private func check(_ request: LoadStage) throws(WorkerError) {
        guard request.sequences.count <= request.slots else {
            throw WorkerError(
                .badRequest, "\(request.sequences.count) sequences that go on, in a stage of \(request.slots) slots")
        }
        guard Set(request.sequences.map(\.sequence)).count == request.sequences.count else {
            throw WorkerError(.badRequest, "a sequence that goes on is named twice")
        }
        guard !request.standby || request.next == .coordinator else {
            throw WorkerError(.badRequest, "a standby stage has no next one: it takes no steps")
        }
    }

    /// Refuses a step that takes more than is left, before any of it is obeyed.
    private func checkRoom(for demand: StepDemand, of frame: StepFrame) throws(WorkerError) {
        let bytes = saturatingSum(demand.bytes, results.bytes)
        // What is left is asked for only where that matters: it takes reading the system's files.
        guard bytes > StepDemand.allowance else { return }
        let left = max(StepDemand.allowance, memoryBudget - stages.neededBytes)
        guard bytes > left else { return }
        throw WorkerError(
            .outOfMemory,
            "step \(frame.step) takes \(demand.bytes) bytes for \(demand.rows) rows of results, and \(results.bytes) of earlier steps wait "
                + "to leave \(configuration.name), where \(left) are left: ask for the results of fewer rows in a step")
    }

    /// Computes a step. Steps of placements that are gone are dropped.
    ///
    /// - Parameters:
    ///   - arrived: when it came, from when on its stage does not wait for it.
    ///   - left: called once, on any thread, when the results have left this process or the step has ended here.
    func run(
        _ frame: StepFrame, in session: WorkerSession, arrived: ContinuousClock.Instant,
        left: @escaping @Sendable () -> Void
    ) {
        do throws(WorkerError) {
            if let stage = stages[StageKey(session: session.id, epoch: frame.epoch, stage: frame.stage)],
                !stage.request.standby
            {
                let demand = try stage.demand(of: frame)
                try checkRoom(for: demand, of: frame)
                try stage.run(frame, demand: demand, arrived: arrived, left: left)
                return
            } else if stages.holds(session: session.id, epoch: frame.epoch) {
                throw WorkerError(.stageMissing, "stage \(frame.stage) is not loaded on \(configuration.name)")
            }
        } catch {
            let sequences = error.sequences.isEmpty ? frame.entries.map(\.sequence) : error.sequences
            logger.warning("step failed", metadata: ["step": "\(frame.step)", "reason": "\(error)"])
            session.notify(
                .stepFailed(
                    StepFailed(
                        epoch: frame.epoch, step: frame.step, stage: frame.stage, code: error.code,
                        message: error.message, sequences: Array(Set(sequences)).sorted())))
        }
        left()
    }
}
