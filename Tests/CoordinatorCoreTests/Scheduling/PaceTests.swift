import CoordinatorCore
import Testing

/// Groups and chunks by the learned time of steps, in simulated time.
struct PaceTests {
    private typealias Cost = SimulatedPipe.Cost

    /// What a placement tells of the depth: all weights over those of the largest stage.
    private func byWeights(_ stages: [Cost]) -> Double {
        stages.reduce(0) { $0 + $1.fixed } / stages.map(\.fixed).max()!
    }

    /// Answers so many streams at a time for a while.
    private func decode(_ streams: Int, on stages: [Cost], hop: Double = 0, depth: Double? = nil) -> (
        SchedulerReport, [SimulatedPipe.Answer], SimulatedPipe
    ) {
        var pipe = SimulatedPipe(
            .init(context: 2000, slots: streams, stages: stages.count, depth: depth ?? byWeights(stages)),
            stages: stages, hop: hop)
        var reports: [SchedulerReport] = []
        pipe.watch = { if $0.report.generating == streams { reports.append($0.report) } }
        pipe.run((0..<UInt32(streams)).map { .init(prompt: SimulatedPipe.prompt(20, seed: $0), most: 300) })
        return (reports[reports.count - 20], pipe.answers, pipe)
    }

    private func rate(_ answers: [SimulatedPipe.Answer]) -> Double {
        // From where all are at work to where the first ends.
        let begin = answers.map { $0.times[50] }.max()!
        let end = answers.map { $0.times.last! }.min()!
        return Double(answers.reduce(0) { $0 + $1.times.count { $0 > begin && $0 <= end } }) / (end - begin)
    }

    @Test(arguments: [(8, 2), (16, 2), (16, 4), (32, 4), (9, 3)]) func `alike stages get a group each`(
        streams: Int, stages: Int
    ) {
        let cost = Cost(fixed: 20, perGenerating: 2, perPrompt: 4)
        let (report, answers, _) = decode(streams, on: Array(repeating: cost, count: stages), hop: 0.1)
        #expect([stages, stages + 1].contains(report.groups))
        #expect(report.rowsPerGroup == (streams + report.groups - 1) / report.groups)
        // The stages are never idle: each has its own rows of all sequences and reads its weights once for each group.
        let best = Double(streams) / (Double(stages) * cost.fixed + Double(streams) * cost.perGenerating)
        #expect(rate(answers) > 0.9 * best)
        #expect(abs(report.predictedTokensPerSecond! / rate(answers) - 1) < 0.15)
    }

    @Test func `a stage that is slower than the others all together is not given groups that wait before it`() {
        let slow = Cost(fixed: 20, perGenerating: 0.5, perPrompt: 1)
        let fast = Cost(fixed: 0.5, perGenerating: 0.01, perPrompt: 0.1)
        let (report, answers, _) = decode(12, on: [fast, slow, fast, fast])
        #expect(report.groups == 1)
        let best = 12.0 / 27.5
        #expect(rate(answers) > 0.9 * best)
    }

    @Test func `two slow stages among fast ones get two groups`() {
        let slow = Cost(fixed: 20, perGenerating: 1.5, perPrompt: 1)
        let fast = Cost(fixed: 0.2, perGenerating: 0.01, perPrompt: 0.1)
        let (report, answers, _) = decode(16, on: [fast, slow, slow, fast])
        #expect(report.groups == 2)
        let best = 16.0 / 64  // 2 * 20 + 16 * 1.5 for each token of all
        #expect(rate(answers) > 0.9 * best)
    }

    @Test func `long ways between cheap stages get one group more`() {
        let cost = Cost(fixed: 1, perGenerating: 1, perPrompt: 1)
        let (report, _, _) = decode(12, on: [cost, cost], hop: 3, depth: 3.3)
        #expect(report.groups == 3)
    }

    @Test func `one stage gets one group`() {
        let (report, _, _) = decode(8, on: [Cost(fixed: 20, perGenerating: 2, perPrompt: 4)])
        #expect(report.groups == 1)
        #expect(report.rowsPerGroup == 8)
    }

    @Test(
        arguments: [
            // One device; two; four of which the first and last are little; cheap rows; rows as dear as the weights.
            [SimulatedPipe.Cost(fixed: 20, perGenerating: 2, perPrompt: 4, perThousandPositions: 1)],
            Array(repeating: Cost(fixed: 10, perGenerating: 1, perPrompt: 2, perThousandPositions: 0.5), count: 2),
            [
                Cost(fixed: 0.1, perGenerating: 0.01, perPrompt: 0.01), Cost(fixed: 10, perGenerating: 1, perPrompt: 3),
                Cost(fixed: 12, perGenerating: 1, perPrompt: 3), Cost(fixed: 3, perGenerating: 0.5, perPrompt: 0),
            ],
            Array(repeating: Cost(fixed: 30, perGenerating: 0.5, perPrompt: 0.2), count: 4),
            Array(repeating: Cost(fixed: 8, perGenerating: 3, perPrompt: 3, perThousandPositions: 1), count: 3),
            Array(repeating: Cost(fixed: 1, perGenerating: 3, perPrompt: 3, perThousandPositions: 0.3), count: 3),
        ], [1, 4])
    func `a long prompt does not stall those that generate`(stages: [SimulatedPipe.Cost], streams: Int) {
        var pipe = SimulatedPipe(
            .init(
                context: 8192, slots: 8, stages: stages.count, depth: byWeights(stages)),
            stages: stages, hop: 0.2)
        let alone = (0..<UInt32(streams)).map {
            SimulatedPipe.Request(prompt: SimulatedPipe.prompt(30, seed: $0), most: 1500)
        }
        // A look at how long a cycle is, to have it come in the middle.
        var probe = pipe
        probe.run(alone)
        let middle = probe.answers[0].times[300]
        pipe.run(alone + [.init(prompt: SimulatedPipe.prompt(4000, seed: 99), most: 10, time: middle)])
        let long = pipe.answers.last!
        for (answer, undisturbed) in zip(pipe.answers, probe.answers) {
            // From where the costs are known to where the first is about to end.
            let gaps = Array(answer.gaps[100..<1400])
            let median = gaps.sorted()[gaps.count / 2]
            #expect(gaps.max()! < 3 * median, "\(gaps.max()! / median)")
            // Token by token, beside a run without the long prompt.
            let ratio = zip(gaps, undisturbed.gaps[100..<1400]).map { $0 / $1 }.max()!
            #expect(ratio < 3, "\(ratio)")
        }
        #expect(long.ended)
        // Alone it would be chunks of 256: what it gets beside them is not nothing.
        let slowest = stages.map { $0.fixed + 256 * $0.perPrompt }.max()! * 16
        #expect(long.times[0] - middle < 60 * slowest, "\((long.times[0] - middle) / slowest)")
    }

    @Test func `a prompt alone is cut so that all stages work on it`() {
        let cost = Cost(fixed: 10, perGenerating: 1, perPrompt: 1)
        func time(_ stages: Int, _ tokens: Int) -> (Double, Int) {
            var pipe = SimulatedPipe(
                .init(context: 4096, slots: 1, stages: stages), stages: Array(repeating: cost, count: stages), hop: 0.1)
            // The first ones teach it the costs.
            for seed in 0..<3 { pipe.run([.init(prompt: SimulatedPipe.prompt(tokens, seed: UInt32(seed)), most: 1)]) }
            let begin = pipe.now
            let steps = pipe.steps.count
            pipe.run([.init(prompt: SimulatedPipe.prompt(tokens, seed: 9), most: 1)])
            return (pipe.answers.last!.times[0] - begin, pipe.steps.count - steps)
        }
        // One stage: as large as a step may be.
        #expect(time(1, 1024).1 == 4)
        // Several: more than halves, thirds, … would be, and faster by most of their number.
        for stages in [2, 4] {
            #expect(time(stages, 512).0 < 1.7 * time(1, 512).0)
        }
    }
}
