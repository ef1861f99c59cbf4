package import Tokenizer
package import Wire

extension Scheduler {
    /// What the scheduler may use of the stages.
    package struct Limits: Sendable, Hashable {
        /// Positions of one page of a key-value cache: what workers of this project allocate and share by.
        package static let pagePositions = 64

        /// Positions a sequence may have, in tokens.
        package var context: Int
        /// Sequences at work at a time; the others wait in order.
        package var slots: Int
        /// Stages of the pipe, which can all compute at a time.
        package var stages: Int
        /// How many times what the slowest stage takes for a step all stages take together, as far as the placement tells; `nil` is
        /// learned, from as many as there are stages.
        package var depth: Double?
        /// Rows of one step at most.
        package var rowsPerStep: Int
        /// Rows of one step at most whose logits come back, and of all steps in flight where each row's do: what stages and links keep of
        /// them is many times what the rows are.
        package var resultRows = Int.max
        /// Positions of a page.
        package var positionsPerPage: Int
        /// Pages that all sequences share.
        package var pages: Int
        /// What stages keep of layers with a window; nil where no layer has one.
        package var windows: Windows?
        /// What is done when a sequence has as many tokens as the context; `nil` forbids it.
        package var contextShift: ContextShift?

        /// Bytes of logits of `resultRows` rows: workers take twice that of any step.
        package static let resultBytes = 32 << 20

        /// - Parameters:
        ///   - pages: `nil` is enough for every slot to fill its context.
        ///   - vocabulary: logits of a row; `nil` bounds no results.
        package init(
            context: Int, slots: Int, stages: Int, depth: Double? = nil, rowsPerStep: Int = 256,
            positionsPerPage: Int = pagePositions,
            pages: Int? = nil, contextShift: ContextShift? = nil, vocabulary: Int? = nil
        ) {
            self.context = context
            self.slots = slots
            self.stages = stages
            self.depth = depth
            self.rowsPerStep = rowsPerStep
            self.positionsPerPage = positionsPerPage
            let pagesOfContext = (context + positionsPerPage - 1) / positionsPerPage
            self.pages = pages ?? slots * pagesOfContext
            self.contextShift = contextShift
            if let vocabulary { resultRows = max(1, Self.resultBytes / 4 / max(1, vocabulary)) }
            precondition(context > 0 && slots > 0 && stages > 0 && rowsPerStep > 0 && positionsPerPage > 0)
            precondition(self.pages >= pagesOfContext, "\(self.pages) pages do not hold one context of \(context)")
        }

        /// Steps between sending and result at most: one for each stage, and one on its way.
        package var stepsInFlight: Int { stages + 1 }

        /// Sequences that stages must hold open at most: those at work, and those kept for their beginnings, which hold a page each
        /// that no earlier one does, or for which layers with a window have room.
        package var openSequences: Int { min(slots + min(windows?.resting ?? pages, pages), Int(WireLimits.slots)) }

        /// Pages that so many positions fill or begin.
        func pages(for positions: Int) -> Int { (positions + positionsPerPage - 1) / positionsPerPage }
    }

    /// Which rows of a sequence come back as logits.
    package enum Results: Sendable, Hashable {
        /// The last row of the tokens known so far: what generating needs.
        case last
        /// Each row: what scoring needs.
        case all
    }

    /// One step to send: its entries for the wire, the tokens of its rows in order, and whose results it brings.
    package struct PlannedStep: Sendable, Hashable {
        package var id: UInt64
        package var entries: [StepEntry]
        package var tokens: [TokenID]
        /// For each sequence with results, in order: how many rows come back.
        package var results: [Result]
        /// The last stage that computes its rows, where they only fill caches anew.
        package var replayThrough: Int?
        /// Its rows, as far as they matter to its time.
        package var rows = StepRows()

        package struct Result: Sendable, Hashable {
            package var sequence: UInt32
            package var rows: Int

            package init(sequence: UInt32, rows: Int) {
                self.sequence = sequence
                self.rows = rows
            }
        }
    }
}

/// The rows of a step by their kind.
package struct StepRows: Sendable, Hashable {
    /// Rows of sequences that generate, one each.
    package var generating = 0
    /// Rows of prompts.
    package var prompt = 0
    /// The positions of generating rows, summed: each row reads what its sequence has before it.
    package var generatingReach = 0
    /// The same of prompts.
    package var promptReach = 0

    package init(generating: Int = 0, prompt: Int = 0, generatingReach: Int = 0, promptReach: Int = 0) {
        self.generating = generating
        self.prompt = prompt
        self.generatingReach = generatingReach
        self.promptReach = promptReach
    }

    package var count: Int { generating + prompt }
}
