import Tokenizer

/// What the scheduler knows of one sequence.
struct ScheduledSequence: Sendable {
    enum Phase: Sendable, Hashable {
        /// In the queue: no slot, no pages, no cache on the stages.
        case waiting
        /// Has a slot and pages, and begins as a fork of `source` once that has come so far.
        case joining(source: UInt32, positions: Int)
        /// Has a cache on the stages.
        case open
        /// Ended; its cache is kept for others that begin alike.
        case dormant
    }

    let client: String
    let results: Scheduler.Results
    /// Tokens of a chunk at most.
    let chunk: Int
    var phase = Phase.waiting
    /// All tokens known.
    var tokens: [TokenID]
    /// Positions sent to the stages.
    var position = 0
    /// The most positions that it, or one whose beginning it shares, ever had: layers with a window have given back what was seen before.
    var reach = 0
    /// Where a fork is to be left for others that begin alike.
    var branch: Int?
    /// Whether it is such a fork.
    var isBranch = false
    /// Its pages of the pool, in order; shared ones too.
    var pages: [Int] = []
    /// Rows whose step has not come back.
    var rowsInFlight = 0
    /// Positions of its cache whose steps have come back, so that every stage has them.
    var confirmed = 0
    /// The step that carries the beginning of its cache.
    var beginning: UInt64?
    /// Whether that step has come back.
    var isBegun = false
    /// How often its tokens were shifted, so that a cache of before is not taken for one of now; and how many of the commands that shortened
    /// its cache have not come back.
    var trims = 0
    var trimsInFlight = 0
    /// Positions whose results were asked for before: a replay does not ask again.
    var resultsAsked = 0
    /// Positions whose results have come.
    var resultsReceived = 0
    /// The first step after it was last restarted: faults of those before concern it no more.
    var restarted: UInt64 = 0
    /// Whether it may begin with the cache of another: not once one of those was missing.
    var sharesBeginning = true
    /// Positions of its prompt that it shared when it first began.
    var cachedTokens: Int?

    /// Whether it has a cache that is the same on every stage, but for rows on their way.
    var isSteady: Bool { phase == .open && isBegun && trimsInFlight == 0 }

    /// Tokens known, but not sent yet.
    var pending: Int { tokens.count - position }

    /// Whether it goes on row by row: its next token depends on a result.
    var generates: Bool { results == .last && phase == .open && position > 0 && pending <= 1 }

    /// Whether it has rows of a prompt to send.
    var hasPrompt: Bool { phase == .open && pending > 0 && !generates }
}
