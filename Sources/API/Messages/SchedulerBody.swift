import CoordinatorCore

/// `scheduler` of `GET /api/cluster`: what is done with the requests.
package struct SchedulerBody: Codable, Sendable, Equatable {
    /// A request in the queue.
    package struct Waiting: Codable, Sendable, Equatable {
        /// How many go before it.
        package var position: Int
        package var client: String
        package var promptTokens: Int

        enum CodingKeys: String, CodingKey {
            case position, client
            case promptTokens = "prompt_tokens"
        }
    }

    package var slots: Int
    package var running: Int
    /// Those of them that generate; the others have their prompts computed.
    package var generating: Int
    package var waiting: [Waiting]
    /// Requests that may wait.
    package var queueLimit: Int
    /// Groups in which sequences are decoded, each a step in flight of its own; 0 where nobody generates.
    package var groups: Int
    package var rowsPerGroup: Int
    package var stepsInFlight: Int
    /// Of all answers together, by the learned times of steps; absent until they are known.
    package var predictedTokensPerSecond: Double?
    /// Since the coordinator began: tokens of prompts, those of them whose caches were there, tokens generated, and how often a
    /// sequence had to wait again because memory ran short.
    package var promptTokens: Int
    package var cachedTokens: Int
    package var generatedTokens: Int
    package var preemptions: Int

    enum CodingKeys: String, CodingKey {
        case slots, running, generating, waiting, groups, preemptions
        case queueLimit = "queue_limit"
        case rowsPerGroup = "rows_per_group"
        case stepsInFlight = "steps_in_flight"
        case predictedTokensPerSecond = "predicted_tokens_per_second"
        case promptTokens = "prompt_tokens"
        case cachedTokens = "cached_tokens"
        case generatedTokens = "generated_tokens"
    }
}

/// `key_value_pages` of `GET /api/cluster`: pages of the key-value caches, shared ones counted once.
package struct KeyValuePagesBody: Codable, Sendable, Equatable {
    package var positionsPerPage: Int
    /// Of sequences that run.
    package var used: Int
    /// Of sequences that have ended, kept for others that begin alike until the pages are needed.
    package var dormant: Int
    package var free: Int
    package var total: Int

    enum CodingKeys: String, CodingKey {
        case used, dormant, free, total
        case positionsPerPage = "positions_per_page"
    }
}

extension SchedulerBody {
    init(_ report: SchedulerReport, queueLimit: Int) {
        self.init(
            slots: report.slots, running: report.running, generating: report.generating,
            waiting: report.waiting.enumerated().map { place, waiting in
                Waiting(position: place, client: waiting.client, promptTokens: waiting.tokens)
            },
            queueLimit: queueLimit, groups: report.groups, rowsPerGroup: report.rowsPerGroup,
            stepsInFlight: report.stepsInFlight, predictedTokensPerSecond: report.predictedTokensPerSecond,
            promptTokens: report.totals.promptTokens, cachedTokens: report.totals.cachedTokens,
            generatedTokens: report.totals.generatedTokens, preemptions: report.totals.preemptions)
    }
}

extension KeyValuePagesBody {
    init(_ pages: SchedulerReport.Pages) {
        self.init(
            positionsPerPage: pages.positionsPerPage, used: pages.used, dormant: pages.dormant, free: pages.free,
            total: pages.total)
    }
}
