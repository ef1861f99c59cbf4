import CoordinatorCore
import Placement
import TestSupport
import Testing
import Wire

/// Stages in simulated time behind a scheduler, whose "model" chooses each token by all tokens before it: what a sequence is answered shows
/// whether its cache held what it should.
struct SimulatedPipe {
    struct Request {
        var client = ""
        var prompt: [UInt32]
        /// Tokens to generate.
        var most: Int
        /// When it comes, in seconds.
        var time = 0.0
        /// After how many tokens its reader goes away.
        var leavesAfter: Int?
    }

    struct Answer: Equatable {
        var tokens: [UInt32] = []
        var times: [Double] = []
        var cachedTokens = 0
        var ended = false

        /// Seconds between tokens.
        var gaps: [Double] { zip(times.dropFirst(), times).map { $0 - $1 } }
    }

    /// What a stage takes for a step, in seconds.
    struct Cost {
        var fixed: Double
        var perGenerating: Double
        var perPrompt: Double
        /// A prompt row at position 1000 takes so much longer.
        var perThousandPositions = 0.0
    }

    private struct Running {
        var request: Int
        var tokens: [UInt32]
    }

    private struct Returning {
        var time: Double
        var step: UInt64
        var chosen: [UInt32: UInt32]
    }

    var scheduler: Scheduler
    let stages: [Cost]
    let hop: Double
    private var caches: SimulatedCaches
    private var freeAt: [Double]
    private var returning: [Returning] = []
    private var running: [UInt32: Running] = [:]
    private var rowsThisStep: [UInt32: Int] = [:]
    private(set) var now = 0.0
    private(set) var answers: [Answer] = []
    private(set) var rowsComputed = 0
    private(set) var steps: [Scheduler.PlannedStep] = []
    private(set) var mostRunning = 0
    /// Pages that layers with a window have room for; nil is as many as there are.
    var windowPages: Int?
    /// Called after each step sent.
    var watch: (Scheduler) -> Void = { _ in }

    init(_ limits: Scheduler.Limits, stages: [Cost], hop: Double = 0) {
        precondition(stages.count == limits.stages)
        scheduler = Scheduler(limits: limits)
        self.stages = stages
        self.hop = hop
        caches = SimulatedCaches(limits)
        freeAt = stages.map { _ in 0 }
    }

    /// The token that the model chooses after others.
    static func token(after tokens: some Sequence<UInt32>) -> UInt32 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for token in tokens { hash = (hash ^ UInt64(token)) &* 0x100_0000_01b3 }
        return UInt32(hash >> 32) % 1000
    }

    /// What a request is answered by a model that is alone with it.
    static func expected(_ request: Request, context: Int, shift: ContextShift? = nil) -> [UInt32] {
        var tokens = request.prompt
        var answer: [UInt32] = []
        while answer.count < request.most {
            answer.append(token(after: tokens))
            tokens.append(answer.last!)
            if tokens.count > context { tokens = shift!.shifted(tokens, context: context) }
        }
        return answer
    }

    /// Runs requests to their ends.
    mutating func run(_ requests: [Request]) {
        let first = answers.count
        answers += requests.map { _ in Answer() }
        var arrivals = requests.indices.sorted { (requests[$0].time, $0) < (requests[$1].time, $1) }[...]
        while !arrivals.isEmpty || !returning.isEmpty {
            if let next = arrivals.first, requests[next].time <= returning.first?.time ?? .infinity {
                now = max(now, requests[next].time)
                arrivals.removeFirst()
                let request = requests[next]
                let id = scheduler.add(tokens: request.prompt, results: .last, client: request.client)
                running[id] = Running(request: first + next, tokens: request.prompt)
            } else {
                take(returning.removeFirst(), requests: requests, first: first)
            }
            send()
        }
        #expect(scheduler.running == 0)
        #expect(scheduler.waiting == 0)
        #expect(scheduler.stepsInFlight == 0)
        #expect(scheduler.report.pages.used == 0)
    }

    private mutating func take(_ back: Returning, requests: [Request], first: Int) {
        now = back.time
        let step = scheduler.complete(step: back.step, at: now)
        for result in step?.results ?? [] {
            guard let sequence = running[result.sequence] else { continue }
            let number = sequence.request
            let request = requests[number - first]
            let token = back.chosen[result.sequence]!
            answers[number].tokens.append(token)
            answers[number].times.append(now)
            answers[number].cachedTokens = scheduler.cachedTokens(of: result.sequence)
            if answers[number].tokens.count == request.most {
                answers[number].ended = true
                running[result.sequence] = nil
                scheduler.finish(result.sequence)
            } else if answers[number].tokens.count == request.leavesAfter {
                running[result.sequence] = nil
                scheduler.remove(result.sequence)
            } else {
                scheduler.extend(result.sequence, with: token)
            }
        }
    }

    private mutating func send() {
        while let step = scheduler.next(at: now) {
            steps.append(step)
            let limits = scheduler.limits
            #expect(step.tokens.count <= limits.rowsPerStep)
            #expect(scheduler.running <= limits.slots)
            #expect(scheduler.stepsInFlight <= limits.stepsInFlight)
            mostRunning = max(mostRunning, scheduler.running)
            var chosen: [UInt32: UInt32] = [:]
            var tokens = step.tokens[...]
            var thousands = 0.0
            for entry in step.entries {
                guard case .rows(let sequence, let position, let count, let output) = entry else {
                    caches.obey(entry)
                    check(limits)
                    continue
                }
                caches.write(tokens.prefix(Int(count)), at: Int(position), of: sequence)
                tokens = tokens.dropFirst(Int(count))
                thousands += Double(count) * Double(position) / 1000
                if output == .last { chosen[sequence] = Self.token(after: caches.content(of: sequence)) }
            }
            #expect(tokens.isEmpty)
            check(limits)
            caches.giveBack()
            rowsComputed += step.tokens.count
            var time = now
            for (index, cost) in stages.enumerated() {
                time = max(time + hop, freeAt[index])
                if !step.tokens.isEmpty {
                    time +=
                        cost.fixed + cost.perGenerating * Double(step.rows.generating)
                        + cost.perPrompt * Double(step.rows.prompt) + cost.perThousandPositions * thousands
                }
                freeAt[index] = time
            }
            returning.append(Returning(time: time + hop, step: step.id, chosen: chosen))
            watch(scheduler)
        }
    }

    private func check(_ limits: Scheduler.Limits) {
        #expect(caches.pageCount <= limits.pages, "\(caches.pageCount) pages of \(limits.pages)")
        #expect(caches.openCount <= limits.openSequences)
        if let windowPages {
            #expect(caches.windowPageCount <= windowPages, "\(caches.windowPageCount) of layers with a window")
        }
    }
}

extension Scheduler.Limits {
    /// A window, now and then.
    ///
    /// - Returns: pages that layers with it have room for.
    mutating func addWindow(_ random: inout SeededGenerator) -> Int? {
        guard Bool.random(using: &random) else { return nil }
        let room = CacheRoom(
            context: context, slots: slots, rowsPerStep: rowsPerStep, pagePositions: positionsPerPage,
            positions: pages * positionsPerPage, slack: .random(in: 0...8, using: &random))
        let window = Int.random(in: 1...12, using: &random)
        windows = Scheduler.Windows([window], room: room)
        return room.positions(window: window) / positionsPerPage
    }
}

extension SimulatedPipe {
    /// Tokens that no other seed shares a beginning with.
    static func prompt(_ count: Int, seed: UInt32) -> [UInt32] {
        (0..<UInt32(count)).map { (seed &* 7919 &+ $0 &* 31) % 997 }
    }
}
