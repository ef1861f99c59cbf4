import Placement

/// Learns from the times of steps how long a step takes by its rows, and derives how to group and cut.
///
/// Kept are a line (`CostLine`) for the time of the slowest stage, the *work* of a step, and the *depth* of the pipe: how many times that
/// a step takes from sending to result when it is alone. A full pipe shows the work: two steps of about the same size that follow each
/// other come back that long apart. One that is not full shows the work times the depth. The depth is the median of what steps take alone
/// over what they take in a full pipe; until both are known, what the placement lets expect. And no step takes longer alone than one with
/// as many rows that was not alone.
struct StepCosts: Sendable {
    let stages: Int
    private var work = CostLine()
    private var alone = CostLine()
    private var depths: [Double]
    private var depthsObserved = 0
    private var isDepthKnown: Bool
    private var depth: Double
    private var roundTrips = RoundTrips()
    private var lastSent = -Double.infinity
    private var lastCompletion = -Double.infinity
    private var lastRows = StepRows()
    /// The most prompt rows of a step so far.
    private var mostPromptRows = 0

    /// How much longer than without prompts it may take from one token of an answer to the next.
    ///
    /// So the worst gap stays below three times the median even where a step takes half as long again as predicted.
    static let stretch = 1.7
    /// How much better another number of groups must be to change to it.
    static let hysteresis = 0.97

    /// Observations of the depth that are kept.
    static let keptDepths = 15
    /// What was thought before counts like so many of them.
    static let thought = 5

    /// - Parameter depth: what is thought of the depth before anything was seen.
    init(stages: Int, depth: Double?) {
        self.stages = stages
        self.depth = depth ?? Double(stages)
        depths = Array(repeating: self.depth, count: Self.thought)
        isDepthKnown = depth != nil || stages == 1
    }

    /// Whether predictions are in seconds; before the first observation only their ratios mean something.
    var isKnown: Bool { work.isKnown }

    /// Takes in a step's time.
    ///
    /// - Parameters:
    ///   - foundEmpty: whether the pipe was empty when it was sent.
    ///   - inFlight: steps in flight when it came back, itself too.
    mutating func observe(_ rows: StepRows, sent: Double, foundEmpty: Bool, inFlight: Int, completed: Double) {
        defer { (lastSent, lastCompletion, lastRows) = (sent, completed, rows) }
        guard rows.count > 0 else { return }
        mostPromptRows = max(mostPromptRows, rows.prompt)
        if foundEmpty { alone.add(rows, seconds: completed - sent, .work, depth: 1) }
        if rows.prompt == 0 { roundTrips.add(rows.generating, seconds: completed - sent) }
        let ratio = work.seconds(rows) / work.seconds(lastRows)
        // Behind a smaller one, every stage would have waited for it to be done with the stage before.
        let isAlike = lastRows.count > 0 && ratio < 1.03 && ratio > 1 / 1.5
        // One that was sent right behind another has waited for it.
        let isUndelayed = foundEmpty || isAlike && sent - lastSent >= 0.75 * work.seconds(lastRows)
        let isFull = Double(inFlight) >= min(Double(stages), depth - 0.25)
        if stages == 1 {
            work.add(rows, seconds: completed - max(sent, lastCompletion), .work, depth: depth)
        } else if isFull, sent < lastCompletion {
            guard isAlike else { return }
            let seconds = completed - lastCompletion
            if inFlight >= stages, alone.knows(rows) { observeDepth(alone.seconds(rows) / seconds) }
            work.add(rows, seconds: seconds, .work, depth: depth)
        } else if isUndelayed {
            work.add(rows, seconds: completed - sent, .roundTrip, depth: depth)
        }
    }

    private mutating func observeDepth(_ observed: Double) {
        guard observed.isFinite else { return }
        if depths.count == Self.keptDepths { depths.removeFirst() }
        depths.append(min(max(observed, 1), 2 * Double(stages)))
        depth = depths.sorted()[depths.count / 2]
        depthsObserved += 1
        isDepthKnown = isDepthKnown || depthsObserved >= Self.thought
    }

    /// The time of the slowest stage for a step.
    func stageSeconds(_ rows: StepRows) -> Double { work.seconds(rows) }

    /// The time of a step through an empty pipe.
    func latencySeconds(_ rows: StepRows) -> Double {
        let (stage, seconds) = (stageSeconds(rows), depth * stageSeconds(rows))
        return max(rows.prompt == 0 ? min(seconds, roundTrips.least(rows.generating)) : seconds, stage)
    }

    /// How to decode so many sequences.
    ///
    /// With `g` groups the slowest stage works for all of them in turn, `g * fixed + perGenerating * n`, and a group is back after the
    /// latency of its step; the longer of the two is a cycle, in which every sequence gets a token. Few groups leave stages idle, many read
    /// the weights often. Until the cost of decoding is known there are as many groups as stages, which is what fills the pipe.
    func pace(generating count: Int, reach: Int, keeping last: Pace?) -> Pace {
        guard count > 0 else {
            return Pace(groups: 0, rows: 0, cycleSeconds: 0, stageSeconds: 0, depth: 1, isDepthKnown: isDepthKnown)
        }
        let start = pace(count, reach: reach, groups: min(count, stages))
        guard work.knowsGenerating, isDepthKnown else { return start }
        let kept =
            last.flatMap { $0.groups > 0 ? pace(count, reach: reach, groups: min(count, $0.groups)) : nil } ?? start
        return (1...stages + 1).reduce(kept) { best, groups in
            let other = pace(count, reach: reach, groups: min(count, groups))
            return other.cycleSeconds < best.cycleSeconds * Self.hysteresis ? other : best
        }
    }

    private func pace(_ count: Int, reach: Int, groups asked: Int) -> Pace {
        let rows = (count + asked - 1) / asked
        let groups = (count + rows - 1) / rows
        let line = work.line
        let group = StepRows(generating: rows, generatingReach: reach * rows / count)
        let latency = latencySeconds(group)
        let all = StepRows(generating: count, generatingReach: reach)
        let work = Double(groups - 1) * line.fixed + line.seconds(all)
        let stage = line.seconds(group)
        return Pace(
            groups: groups, rows: rows, cycleSeconds: max(work, latency), stageSeconds: stage,
            depth: min(max(latency / stage, 1), Double(stages)), isDepthKnown: isDepthKnown)
    }

    /// How many prompt rows from a position on a step may carry beside others so that the slowest stage takes no longer than `seconds`; no
    /// more than twice what was seen, beyond which the line may be wrong.
    func promptRows(at position: Int, beside rows: StepRows, within seconds: Double) -> Int {
        let line = work.line
        let perRow = line.perPrompt + line.perPromptReach * Double(position)
        let most = seconds.isFinite ? Double(max(2 * mostPromptRows, PromptChunks.least)) : 1e6
        return Int(max(0, min((seconds - line.seconds(rows)) / perRow, most)))
    }

    /// How many rows a step of prompts has when nobody waits for a token.
    func chunkRows(pending: Int, most: Int) -> Int {
        PromptChunks.rows(
            pending: pending, fixed: work.line.fixed, perRow: work.line.perPrompt, depth: min(depth, Double(stages)),
            most: most)
    }
}

/// How sequences are decoded: in `groups` steps in flight of up to `rows` rows.
struct Pace: Sendable, Hashable {
    var groups: Int
    var rows: Int
    /// From one token of a sequence to its next, without prompts.
    var cycleSeconds: Double
    /// Of the slowest stage for one group.
    var stageSeconds: Double
    /// Steps that the pipe works on at a time when it is full: its latency in times of the slowest stage.
    var depth: Double
    var isDepthKnown: Bool

    /// Steps in flight beside those that only wait in front of a stage. Where it is not known how many stages work at a time, those of
    /// prompts would perhaps all wait in front of one, and the generating rows behind them.
    var stepsInFlight: Int { isDepthKnown ? max(groups, Int(depth.rounded())) : max(groups, 1) }

    /// What a stage may take for one step with prompts, so that a cycle stretches no further than it may.
    var stepSeconds: Double { StepCosts.stretch * cycleSeconds / max(Double(stepsInFlight), depth) }
}
