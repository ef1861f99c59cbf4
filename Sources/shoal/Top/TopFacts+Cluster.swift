import API
import CoordinatorCore
import Foundation
import Placement
import Terminal
import Wire

extension TopFacts {
    /// What two looks at a cluster tell, and what happened in it. All of it comes from another machine: texts are made printable, and
    /// numbers may be anything.
    ///
    /// - Parameters:
    ///   - before: the look before this one; `nil` at the first.
    ///   - seconds: between the two.
    init(before: ClusterBody?, now: ClusterBody, seconds: Double, events: [HistoryEvent], time: Double) {
        let isGood = now.status.status == "ok"
        let isWaiting = ["starting", "recovering"].contains(now.status.status)
        self.init(
            title: (now.model?.id ?? "no model is placed").printable(onOneLine: true),
            status: now.model == nil ? "shoal place MODEL.gguf" : isGood ? "answers" : now.status.status,
            state: isGood ? .good : isWaiting || now.model == nil ? .waiting : .bad, facts: Self.facts(now),
            devices: now.devices.map { Self.device($0, before: before, now: now, seconds: seconds) },
            events: events.map { event in
                Event(
                    time: EventLine.time(event.time, now: time),
                    device: (event.device ?? "–").printable(onOneLine: true),
                    words: event.words.printable(onOneLine: true), isBad: event.isBad)
            }, notes: isGood || now.model == nil ? [] : now.status.message.map { [$0.printable(onOneLine: true)] } ?? []
        )
    }

    private static func facts(_ now: ClusterBody) -> [String] {
        func devices(_ count: Int) -> String { "\(count) device\(count == 1 ? "" : "s")" }
        guard let model = now.model else { return [devices(now.devices.count)] }
        let holders = Set(now.stages.filter { $0.firstLayer < $0.lastLayer }.map(\.device))
        var facts = [
            now.speed.tokensPerSecond.map { "\(SpeedTables.digits($0, 1)) tokens/s" } ?? "idle",
            "\(now.runningSequences) running, \(now.waitingSequences) waiting",
            "\(model.layers) layers on \(devices(holders.count))",
        ]
        if let prompts = now.speed.promptTokensPerSecond, prompts > 0 {
            facts.append("prompts \(SpeedTables.digits(prompts, 0)) tokens/s")
        }
        if let energy = now.energy { facts.append("\(SpeedTables.digits(energy.watts, 1)) W") }
        return facts
    }

    private static func device(
        _ device: DeviceBody, before: ClusterBody?, now: ClusterBody, seconds: Double
    ) -> Device {
        let used = (device.weightBytes ?? 0).saturatingAdd(device.keyValueBytes ?? 0)
        let memory = device.memoryBudgetBytes.map {
            "\(ByteCount(Int(clamping: used))) of \(ByteCount(Int(clamping: $0)))"
        }
        let link = now.links.first {
            [$0.from, $0.to].contains(device.name) && [$0.from, $0.to].contains(ClusterSession.ownDevice)
        }
        var troubles = device.trouble.map { [$0] } ?? []
        if !device.connected, troubles.isEmpty { troubles.append("not connected") }
        if let sensors = device.sensors, !sensors.throttling.isEmpty {
            troubles.append("held back: \(sensors.throttling.joined(separator: ", "))")
        }
        return Device(
            name: device.name.printable(onOneLine: true), holds: holds(device.name, now).printable(onOneLine: true),
            busy: busy(device, before: before, now: now, seconds: seconds), memory: memory ?? "–",
            celsius: device.sensors?.celsius.map { SpeedTables.digits($0, 0) } ?? "–",
            link: link.map {
                "\(SpeedTables.milliseconds($0.roundTripSeconds)) \(SpeedTables.digits($0.bytesPerSecond / 1e6, 0)) MB/s"
            } ?? "–", trouble: troubles.joined(separator: "; ").printable(onOneLine: true))
    }

    /// What a device has of the model: of the embedding and the head only where there is room for a word.
    private static func holds(_ device: String, _ now: ClusterBody) -> String {
        let stages = now.stages.filter { $0.device == device }
        let layers = stages.filter { $0.firstLayer < $0.lastLayer }.map { stage in
            let last = stage.lastLayer.saturatingAdd(-1)
            return last == stage.firstLayer ? "\(last)" : "\(stage.firstLayer)-\(last)"
        }
        let ends =
            (stages.contains(where: \.embedding) ? ["embedding"] : [])
            + (stages.contains(where: \.head) ? ["head"] : [])
        return ((layers.isEmpty ? [] : ["layers \(layers.joined(separator: ", "))"]) + ends).joined(separator: ", ")
    }

    /// For how much of the time between the looks its stages computed; else what its sensors say of the last ten seconds.
    private static func busy(
        _ device: DeviceBody, before: ClusterBody?, now: ClusterBody, seconds: Double
    ) -> Double? {
        guard let before, before.epoch == now.epoch, seconds > 0 else { return device.sensors?.busy }
        var nanoseconds: UInt64 = 0
        var isKnown = false
        for (index, stage) in now.stages.enumerated() where stage.device == device.name {
            guard let work = stage.work, index < before.stages.count, let earlier = before.stages[index].work else {
                continue
            }
            isKnown = true
            if work.computeNanoseconds > earlier.computeNanoseconds {
                nanoseconds = nanoseconds.saturatingAdd(work.computeNanoseconds - earlier.computeNanoseconds)
            }
        }
        return isKnown ? min(1, Double(nanoseconds) / 1e9 / seconds) : device.sensors?.busy
    }
}

extension HistoryEvent {
    fileprivate var isBad: Bool {
        switch event {
        case .lost, .unreachable, .slow, .notPlaced, .suspended: true
        default: false
        }
    }
}
