import API
import Placement
import Wire

/// What the cluster did between two looks at it, for people.
struct StatusView: CustomStringConvertible {
    private let before: ClusterBody
    private let now: ClusterBody
    private let seconds: Double

    init(before: ClusterBody, now: ClusterBody, seconds: Double) {
        self.before = before
        self.now = now
        self.seconds = seconds
    }

    var description: String {
        ([Table.beside(heading.printable(onOneLine: true))] + (now.stages.isEmpty ? [] : [stages.description])
            + [step, speed, power, queue, groups, memory].compactMap { $0.map(Table.beside) } + [heat].compactMap { $0 }
            + notes.map { Table.beside($0.printable(onOneLine: true)) }).joined(separator: "\n")
    }

    /// Whether steps were computed between the looks: else the times are those since the placement was made.
    private var isBusy: Bool { before.epoch == now.epoch && now.speed.steps > before.speed.steps }

    private var heading: String {
        let state = now.status.status == "ok" ? "answers" : now.status.status
        guard let model = now.model else { return "no model is placed: shoal place MODEL.gguf places one" }
        let stages = "\(now.stages.count) stage\(now.stages.count == 1 ? "" : "s")"
        return "\(model.id): \(state), \(model.layers) layers on \(stages)"
            + (isBusy ? "" : "; idle, times since the placement was made")
    }

    private var stages: Table {
        var table = Table(
            [
                ("stage", .right), ("device", .left), ("holds", .left), ("rows/s", .right), ("steps", .right),
                ("compute", .right), ("wait", .right), ("network", .right), ("in", .right), ("out", .right),
            ], spare: ["in", "out", "steps", "wait"])
        for (index, stage) in now.stages.enumerated() {
            guard let work = work(index) else {
                table.add(["\(index)", stage.device, parts(stage)] + Array(repeating: "–", count: 7))
                continue
            }
            table.add([
                "\(index)", stage.device, parts(stage),
                isBusy ? SpeedTables.digits(Double(work.rows) / seconds, 1) : "0",
                "\(work.steps)", perStep(work.computeNanoseconds, work.steps),
                perStep(work.waitNanoseconds, work.steps),
                perStep(work.networkNanoseconds, work.networkSteps),
                bytes(work.receivedBytes, work.steps), bytes(work.sentBytes, work.steps),
            ])
        }
        return table
    }

    private var step: String? {
        let (steps, trip) =
            isBusy
            ? (
                now.speed.steps - before.speed.steps,
                now.speed.roundTripNanoseconds.subtractingReportingOverflow(before.speed.roundTripNanoseconds)
                    .partialValue
            ) : (now.speed.steps, now.speed.roundTripNanoseconds)
        guard steps > 0 else { return nil }
        let whole = Double(trip) / Double(steps) / 1e9
        let computing = now.stages.indices.compactMap { work($0) }.filter { $0.steps > 0 }
            .reduce(0) { $0 + Double($1.computeNanoseconds) / Double($1.steps) / 1e9 }
        return
            "\na step: \(SpeedTables.milliseconds(whole)), of that \(SpeedTables.milliseconds(computing)) computing, "
            + "\(SpeedTables.milliseconds(max(0, whole - computing))) on the network and in queues"
    }

    private var speed: String? {
        guard let rate = now.speed.tokensPerSecond else { return "tokens/s: none in the last seconds" }
        var text = "tokens/s in the last seconds: \(SpeedTables.digits(rate, 1))"
        if let prompts = now.speed.promptTokensPerSecond, prompts > 0 {
            text += ", and \(SpeedTables.digits(prompts, 1)) of prompts"
        }
        if let decoding = now.speed.decoding {
            text +=
                "\ndecoding: \(SpeedTables.digits(decoding.tokensPerSecond, 1)) tokens/s with "
                + "\(decoding.streams) stream\(decoding.streams == 1 ? "" : "s")"
            if let predicted = decoding.predictedTokensPerSecond, predicted > 0 {
                let parts = (decoding.tokensPerSecond / predicted - 1) * 100
                text +=
                    ", predicted \(SpeedTables.digits(predicted, 1)) "
                    + "(\(parts < 0 ? "−" : "+")\(SpeedTables.digits(abs(parts), 0))%)"
            }
        }
        return text
    }

    /// What all devices of the placement take, in the last seconds.
    private var power: String? {
        now.energy.map { energy in
            "power: \(SpeedTables.digits(energy.watts, 1)) W"
                + (energy.joulesPerToken.map { ", \(SpeedTables.digits($0, $0 < 10 ? 2 : 0)) joules per token" } ?? "")
        }
    }

    private var heat: String? {
        SensorTable.text(now.devices.compactMap { device in device.sensors.map { (device.name, $0) } }).map {
            "\n\($0)"
        }
    }

    private var queue: String {
        "queue: \(now.runningSequences) running, \(now.waitingSequences) waiting"
    }

    private var memory: String? {
        let planned = now.stages.reduce(0) { $0.saturatingAdd($1.keyValueBytes) }
        let used = now.devices.reduce(0) { $0.saturatingAdd(Int(clamping: $1.keyValueBytes ?? 0)) }
        let bytes = "KV cache: \(ByteCount(used)) of \(ByteCount(planned))"
        guard let pages = now.keyValuePages else { return bytes }
        return bytes
            + "; pages: \(pages.used) in use, \(pages.dormant) kept for equal beginnings, \(pages.free) of \(pages.total) free"
    }

    /// How sequences share the pipe.
    private var groups: String? {
        guard let scheduler = now.scheduler, scheduler.groups > 0 else { return nil }
        return
            "\(scheduler.generating) sequence\(scheduler.generating == 1 ? "" : "s") decode in \(scheduler.groups) group\(scheduler.groups == 1 ? "" : "s") of "
            + "\(scheduler.rowsPerGroup) row\(scheduler.rowsPerGroup == 1 ? "" : "s"), \(scheduler.stepsInFlight) step\(scheduler.stepsInFlight == 1 ? "" : "s") on their way"
    }

    private var notes: [String] {
        var notes: [String] = []
        if now.speed.profilesAreStale {
            notes.append(
                "decoding parted from its prediction by more than a fifth: devices are measured again before the next placement; "
                    + "shoal devices --measure does so now")
        }
        for device in now.devices where !device.connected || device.trouble != nil {
            let what = device.connected ? "left out" : "not connected"
            notes.append("\(what): \(device.name)" + (device.trouble.map { " (\($0))" } ?? ""))
        }
        for device in now.devices {
            // What `trouble` says already is not said again.
            for mark in device.marks ?? [] where mark.kind != "left_out" {
                notes.append("\(device.name): \(mark.reason)")
            }
        }
        if let message = now.status.message { notes.append(message) }
        return notes
    }

    /// What a stage did between the looks, or since it was loaded.
    private func work(_ index: Int) -> StageWorkBody? {
        guard let work = now.stages[index].work else { return nil }
        guard isBusy, index < before.stages.count, let earlier = before.stages[index].work else { return work }
        return work.since(earlier)
    }

    private func parts(_ stage: ClusterBody.Stage) -> String {
        var parts: [String] = []
        if stage.embedding { parts.append("embedding") }
        let last = stage.lastLayer.saturatingAdd(-1)
        if last == stage.firstLayer { parts.append("layer \(last)") }
        if last > stage.firstLayer { parts.append("layers \(stage.firstLayer)-\(last)") }
        if stage.head { parts.append("head") }
        return parts.joined(separator: ", ")
    }

    private func perStep(_ nanoseconds: UInt64, _ steps: UInt64) -> String {
        steps == 0 ? "–" : SpeedTables.milliseconds(Double(nanoseconds) / Double(steps) / 1e9)
    }

    private func bytes(_ bytes: UInt64, _ steps: UInt64) -> String {
        steps == 0 ? "–" : "\(ByteCount(Int(clamping: bytes / steps)))"
    }
}

extension StageWorkBody {
    /// What was added since; the numbers come from another machine, so that they may be anything.
    fileprivate func since(_ earlier: StageWorkBody) -> StageWorkBody {
        func less(_ one: UInt64, _ other: UInt64) -> UInt64 { one > other ? one - other : 0 }
        return StageWorkBody(
            steps: less(steps, earlier.steps), rows: less(rows, earlier.rows),
            computeNanoseconds: less(computeNanoseconds, earlier.computeNanoseconds),
            waitNanoseconds: less(waitNanoseconds, earlier.waitNanoseconds),
            receivedBytes: less(receivedBytes, earlier.receivedBytes), sentBytes: less(sentBytes, earlier.sentBytes),
            networkSteps: less(networkSteps, earlier.networkSteps),
            networkNanoseconds: less(networkNanoseconds, earlier.networkNanoseconds))
    }
}
