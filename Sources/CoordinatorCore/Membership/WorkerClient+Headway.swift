import Wire

/// Giving a worker up that makes no headway, or too little.
extension WorkerClient {
    /// Watches a request.
    ///
    /// - Parameter limit: how long without headway; `nil` is what such a request may take.
    func watch(_ body: ControlBody, limit: Duration?) -> Task<Void, Never>? {
        guard let limits else { return nil }
        let limit = limit ?? limits.limit(of: body)
        return watch(limit: limit, bytesPerSecond: limits.bytesPerSecond(of: body), headway: { $0.headway(with: body) })
        {
            $0.still >= limit || $0.gained == 0
                ? "it has not \(body.done) for \($0.still.components.seconds) s"
                : "it has \(body.done) by no more than \($0.gained) bytes in \($0.elapsed.components.seconds) s"
        }
    }

    /// Watches a shard that is sent to it.
    ///
    /// - Parameter bytes: of all of it; one that is there is hashed before that is said.
    func watchSending(bytes: Int) -> Task<Void, Never>? {
        guard let limits else { return nil }
        let limit = limits.reading(bytes, limits.transfer)
        return watch(limit: limit, bytesPerSecond: limits.linkBytesPerSecond, headway: \.receiving) {
            $0.still >= limit || $0.gained == 0
                ? "it has kept nothing that it was sent for \($0.still.components.seconds) s"
                : "it has kept \($0.gained) bytes of what it was sent in \($0.elapsed.components.seconds) s"
        }
    }

    /// - Parameters:
    ///   - headway: how many bytes it has come further in all.
    ///   - reason: what to say when it is given up.
    private func watch(
        limit: Duration, bytesPerSecond: Double, headway: @escaping @Sendable (HeadwayCount) -> UInt64,
        reason: @escaping @Sendable (HeadwayWatch) -> String
    ) -> Task<Void, Never>? {
        guard let interval = limits?.look else { return nil }
        return Task { [weak self] in
            var watch = HeadwayWatch()
            while let self {
                let isOver = watch.look(
                    at: headway(self.headway), every: interval, limit: limit, bytesPerSecond: bytesPerSecond)
                if isOver { return giveUp(reason(watch)) }
                try? await Task.sleep(for: interval)
                if Task.isCancelled { return }
            }
        }
    }
}

extension HeadwayLimits {
    /// How long a request may take without headway.
    fileprivate func limit(of body: ControlBody) -> Duration {
        switch body {
        case .loadStage: load
        case .fetchShard: transfer
        case .measureDevice, .measureLink: measuring
        default: answer
        }
    }

    /// The least speed of the headway that counts.
    fileprivate func bytesPerSecond(of body: ControlBody) -> Double {
        if case .fetchShard = body { linkBytesPerSecond } else { loadBytesPerSecond }
    }
}

extension HeadwayCount {
    fileprivate func headway(with body: ControlBody) -> UInt64 {
        switch body {
        case .loadStage: loading
        case .fetchShard: receiving
        default: 0
        }
    }
}

extension ControlBody {
    /// What a device has done that has answered this request.
    fileprivate var done: String {
        switch self {
        case .loadStage: "come further with loading its stage"
        case .fetchShard: "come further with a shard that it gets from another device"
        case .shardInquiry: "said which shards it holds"
        case .unloadStages: "unloaded its stages"
        case .measureDevice, .measureLink: "told its speed"
        case .describeDevice: "said what it is"
        default: "answered"
        }
    }
}
