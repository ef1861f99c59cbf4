/// The scheduler's state, for people and programs.
package struct SchedulerReport: Sendable, Hashable {
    /// What was done since the coordinator began.
    package struct Totals: Sendable, Hashable {
        /// Tokens of prompts, those that were cached too.
        package var promptTokens = 0
        /// Tokens of prompts that were not computed again, because their caches were there.
        package var cachedTokens = 0
        package var generatedTokens = 0
        /// How often a sequence lost its pages to an older one.
        package var preemptions = 0
    }

    /// Pages of key-value caches, shared ones counted once.
    package struct Pages: Sendable, Hashable {
        package var positionsPerPage: Int
        /// Of sequences at work.
        package var used: Int
        /// Of sequences that have ended and are kept for their beginnings.
        package var dormant: Int
        package var free: Int
        package var total: Int
    }

    /// One that waits for a slot or pages.
    package struct Waiting: Sendable, Hashable {
        package var client: String
        package var tokens: Int
    }

    package var slots: Int
    package var running: Int
    package var generating: Int
    /// In the order in which they will go.
    package var waiting: [Waiting]
    package var pages: Pages
    /// Groups in which sequences are decoded, steps of one group each; 0 where nobody generates.
    package var groups: Int
    package var rowsPerGroup: Int
    /// Steps in flight while sequences generate.
    package var stepsInFlight: Int
    /// Tokens per second of all answers together that the learned times of steps let expect; `nil` until they are known.
    package var predictedTokensPerSecond: Double?
    package var totals: Totals
}

extension Scheduler {
    package var report: SchedulerReport {
        let generating = live.count { sequences[$0]!.generates }
        let pace = costs.pace(generating: generating, reach: generatingReach, keeping: pace)
        return SchedulerReport(
            slots: limits.slots, running: running, generating: generating,
            waiting: waitingOrder.map {
                .init(client: sequences[$0]!.client, tokens: sequences[$0]!.tokens.count)
            },
            pages: .init(
                positionsPerPage: limits.positionsPerPage, used: pool.usedCount, dormant: pool.dormantCount,
                free: pool.freeCount, total: pool.total),
            groups: pace.groups, rowsPerGroup: pace.rows, stepsInFlight: generating > 0 ? pace.stepsInFlight : 0,
            predictedTokensPerSecond: costs.isKnown && generating > 0
                ? Double(generating) / pace.cycleSeconds : nil,
            totals: totals)
    }

    /// Who waits, in the order in which they will go.
    package var waitingOrder: [UInt32] { queue.order { sequences[$0]!.tokens.count } }

    /// Rises whenever somebody's place in the queue may have changed.
    package var queueChanges: Int { queue.changes }

    /// How many wait of each client that has some waiting.
    package var waitingOfClients: [String: Int] { queue.waitingOfClients }

    /// The last one of the client that has most waiting.
    package var lastOfLongest: UInt32? { queue.lastOfLongest }

    /// Positions of its prompt that a sequence shared when it began.
    package func cachedTokens(of id: UInt32) -> Int { sequences[id]?.cachedTokens ?? 0 }
}
