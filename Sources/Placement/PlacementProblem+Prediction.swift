extension PlacementProblem {
    /// Tokens of the prompt whose time to the first token is predicted, where the context allows.
    private static let promptTokens = 512

    /// What a plan of these stages is expected to do.
    func predict(_ stages: [PlacedStage], _ solution: Solution) -> PlanPrediction {
        let devices = stages.map { stage in request.devices.firstIndex { $0.name == stage.device }! }
        let streams = request.streams
        var best = (perStep: 1, tokensPerSecond: 0.0)
        // Groups of equal size; between two sizes with as many groups the smaller is the faster.
        for groups in 1...min(streams, max(1, stages.count * 2)) {
            let perStep = (streams + groups - 1) / groups
            let rate = tokensPerSecond(stages, devices, streams: streams, perStep: perStep)
            if rate > best.tokensPerSecond { best = (perStep, rate) }
        }
        let promptTokens = min(Self.promptTokens, request.context)
        let one = pace(stages, devices, .decoding(streams: 1, history: costs.history), rests: true)
        let used = Set(devices)
        return PlanPrediction(
            history: costs.history, stepSeconds: max(one.sum, one.largest),
            diskSeconds: stages.reduce(0) { $0 + $1.diskSeconds }, largestSeconds: solution.largest / 1e9,
            depth: solution.largest > 0 ? solution.sum / solution.largest : nil,
            streams: streams, streamsPerStep: best.perStep, tokensPerSecondOfStreams: best.tokensPerSecond,
            promptTokens: promptTokens,
            secondsToFirstToken: secondsToFirstToken(
                stages, devices, promptTokens, depth: solution.largest > 0 ? solution.sum / solution.largest : 1),
            joulesPerToken: joulesPerToken(stages, devices, stepSeconds: max(one.sum, one.largest)),
            unmeasuredDevices: request.devices.indices.filter { used.contains($0) && request.devices[$0].speed == nil }
                .map { request.devices[$0].name },
            unmeasuredLinks: request.devices.filter { device in
                !device.isCoordinator && stages.contains { $0.device == device.name }
                    && request.links.coordinatorLink(of: device.name) == nil
            }.map(\.name),
            unmeasuredDisks: request.devices.filter { device in
                device.speed?.diskBytesPerSecond == nil
                    && stages.contains { $0.device == device.name && $0.expertBytesOnDisk > 0 }
            }.map(\.name))
    }

    /// Each device that is used takes its idle power all the time, and more while it computes.
    private func joulesPerToken(_ stages: [PlacedStage], _ devices: [Int], stepSeconds: Double) -> Double? {
        var joules = 0.0
        for device in Set(devices).sorted() {
            guard let power = request.power(of: request.devices[device]) else { return nil }
            let busy = zip(stages, devices).reduce(0) { $0 + ($1.1 == device ? $1.0.stepSeconds : 0) }
            joules += power.joules(seconds: stepSeconds, busy: busy)
        }
        return joules
    }

    /// All streams get a token in the time of one step's way, or in that of all groups through what takes each the longest.
    private func tokensPerSecond(
        _ stages: [PlacedStage], _ devices: [Int], streams: Int, perStep: Int
    ) -> Double {
        let step = StepShape.decoding(streams: perStep, history: costs.history)
        let pace = pace(stages, devices, step, rests: streams == 1)
        let groups = Double((streams + perStep - 1) / perStep)
        return Double(streams) / max(pace.sum, groups * pace.largest)
    }

    /// Seconds of a step from its tokens to the next one's through an empty pipe, and the longest for which steps behind one another take a
    /// device or a link each.
    ///
    /// - Parameter rests: whether there are no others, so that each device has rested when the step comes.
    private func pace(
        _ stages: [PlacedStage], _ devices: [Int], _ step: StepShape, rests: Bool
    ) -> (sum: Double, largest: Double) {
        var taken: [Int: Double] = [:]
        var sum = CostModel.turnaround + entry(devices[0], step)
        var largest = 0.0
        for (index, stage) in stages.enumerated() {
            let lasting = lastingSeconds(of: stage, on: devices[index], step)
            taken[devices[index], default: 0] += lasting
            let next = index + 1 < devices.count ? devices[index + 1] : nil
            sum +=
                (rests ? restedSeconds(of: stage, on: devices[index], step) : lasting)
                + hopSeconds(from: devices[index], to: next, stage, step)
            if let next {
                let transfer = costs.transfer(
                    rows: step.rows, stage.codec, link(devices[index], next), before: stage.layers.upperBound)
                largest = max(largest, transfer)
            } else if let link = coordinatorLink(devices[index]) {
                largest = max(largest, costs.logitTransfer(step, link))
            }
        }
        return (sum, max(largest, taken.values.max() ?? 0))
    }

    /// The chunks of a prompt flow behind each other through the stages and over the links, as many at a time as the scheduler sends; the last
    /// row's result comes back.
    private func secondsToFirstToken(
        _ stages: [PlacedStage], _ devices: [Int], _ tokens: Int, depth: Double
    ) -> Double {
        let (fixed, perRow) = promptLine(stages, devices, tokens)
        let depth = min(depth, Double(stages.count))
        var stageFree = Array(repeating: 0.0, count: stages.count)
        var linkFree = stageFree
        var done: [Double] = []
        var position = 0
        while position < tokens {
            let pending = tokens - position
            let most = min(request.rowsPerStep, pending)
            let rows = min(
                PromptChunks.rows(
                    pending: pending, fixed: fixed, perRow: perRow, depth: depth, most: request.rowsPerStep), most)
            let step = StepShape.prompt(rows: rows, from: position, isLast: rows == pending)
            let window = stages.count + 1
            var time = (done.count < window ? 0 : done[done.count - window]) + entry(devices[0], step)
            for (index, stage) in stages.enumerated() {
                time = max(stageFree[index], time) + lastingSeconds(of: stage, on: devices[index], step)
                stageFree[index] = time
                let next = index + 1 < devices.count ? devices[index + 1] : nil
                let transfer = transferSeconds(from: devices[index], to: next, stage, step)
                let sent = max(linkFree[index], time) + transfer
                linkFree[index] = sent
                time = sent + hopSeconds(from: devices[index], to: next, stage, step) - transfer
            }
            done.append(time)
            position += rows
        }
        return (done.last ?? 0) + CostModel.turnaround
    }

    /// What a step of a prompt takes of the slowest stage or link: something whatever its rows are, and something for each.
    private func promptLine(
        _ stages: [PlacedStage], _ devices: [Int], _ tokens: Int
    ) -> (fixed: Double, perRow: Double) {
        let (few, many) = (PromptChunks.least, max(request.rowsPerStep, 2 * PromptChunks.least))
        func seconds(_ rows: Int) -> Double {
            pace(stages, devices, .prompt(rows: rows, from: tokens / 2, isLast: false), rests: false).largest
        }
        let perRow = max(0, seconds(many) - seconds(few)) / Double(many - few)
        return (max(0, seconds(few) - perRow * Double(few)), perRow)
    }

    /// Seconds in which a stage's results pass the link to the next one's device, or back to the coordinator.
    private func transferSeconds(from device: Int, to next: Int?, _ stage: PlacedStage, _ step: StepShape) -> Double {
        if let next {
            // Rows that nobody wants end with the last layer.
            let rows = stage.layers.upperBound == layerCount ? step.results : step.rows
            return costs.transfer(rows: rows, stage.codec, link(device, next), before: stage.layers.upperBound)
        }
        return coordinatorLink(device).map { costs.logitTransfer(step, $0) } ?? 0
    }

    /// Seconds from the coordinator's tokens to the first stage.
    private func entry(_ device: Int, _ step: StepShape) -> Double {
        coordinatorLink(device).map { costs.hop(transfer: costs.tokenTransfer(step, $0), $0) } ?? 0
    }
}
