import Synchronization
import Wire

extension Coordinator {
    /// Stops, and returns when the devices have freed its stages and know that it is gone, or do not answer. A process that ended before
    /// would leave its stages with them.
    package func end() async {
        let reason = "the coordinator is stopping"
        let (clients, epoch) = state.withLock { state in
            state.stopped = true
            state.readiness = .unavailable(reason)
            return (state.clients.values.filter(\.isConnected), state.epoch)
        }
        engine.halt(CoordinatorError(.unavailable, reason))
        await withTaskGroup(of: Void.self) { group in
            for client in clients {
                group.addTask {
                    _ = try? await client.request(
                        .unloadStages(UnloadStages(epochsThrough: epoch)), within: Self.partingLimit)
                    await client.end()
                }
            }
        }
        stop(reason: reason)
    }

    /// Answers that are computed now, and those that wait for it.
    package var answerCounts: (running: Int, waiting: Int) { engine.counts }

    /// How long a device may take to free its stages when the coordinator ends.
    private static let partingLimit = Duration.seconds(2)
}
