import Placement

extension HistoryEvent {
    /// What happened, in one line without time and device. Numbers may come from another machine, and be anything.
    package var words: String {
        var text = headline
        if let reason {
            // Where it is, the headline has said.
            let repeated = address.map { "\($0): " } ?? ""
            text +=
                ": \(repeated.isEmpty || !reason.hasPrefix(repeated) ? reason : String(reason.dropFirst(repeated.count)))"
        }
        let details = details
        if !details.isEmpty { text += "; " + details.joined(separator: ", ") }
        return text
    }

    private var headline: String {
        switch event {
        case .started: "the coordinator started"
        case .stopped: "the coordinator stopped"
        case .joined: "joined the cluster" + at
        case .removed: "was removed from the cluster"
        case .renamed: "got another name" + (before.map { ", was \($0)" } ?? "")
        case .moved: "is at another address" + at + (before.map { ", was at \($0)" } ?? "")
        case .lost: "lost" + (seconds.map { " after \(Self.duration($0))" } ?? "")
        case .unreachable: "cannot be reached" + at
        case .returned: "is back" + (seconds.map { " after \(Self.duration($0))" } ?? "")
        case .drained: "was drained"
        case .refilled: "may hold layers again"
        case .slow: "is slow"
        case .measured: "measured" + taking
        case .placing: reason == nil ? "placing \(named)" : "placing layers anew"
        // Which model, the line before tells.
        case .placed: "placed" + taking
        case .notPlaced: "\(named) is not placed"
        case .unloaded: "\(named) was unloaded"
        case .forgotten: "\(named) was removed from disks"
        case .suspended: "answers wait"
        case .resumed: "answers go on" + (seconds.map { " after \(Self.duration($0))" } ?? "")
        }
    }

    private var details: [String] {
        var details = (moves ?? []).prefix(Self.mostMoves).map(\.words)
        if let moves, moves.count > Self.mostMoves {
            details.append("\(moves.count - Self.mostMoves) more ranges moved")
        }
        if event == .placed, moves?.isEmpty == true { details.append("no layer moved") }
        if let sentBytes, sentBytes > 0 { details.append("sent \(ByteCount(sentBytes))") }
        if let passedOnBytes, passedOnBytes > 0 {
            details.append("devices gave each other \(ByteCount(passedOnBytes))")
        }
        if let freedBytes { details.append("freed \(ByteCount(max(0, freedBytes)))") }
        return details
    }

    /// More do not fit a line; JSON has all.
    private static let mostMoves = 8

    private var named: String { model ?? "the model" }
    private var at: String { address.map { " at \($0)" } ?? "" }
    private var taking: String { seconds.map { " in \(Self.duration($0))" } ?? "" }

    /// A time as people say it: `0.8 s`, `42 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`.
    package static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0 else { return "0 s" }
        if seconds < 9.95 {
            let tenths = Int((seconds * 10).rounded())
            return "\(tenths / 10).\(tenths % 10) s"
        }
        let whole = Int(min(seconds.rounded(), 86_400 * 99_999))
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
        if whole < 86_400 { return "\(whole / 3600) h \(whole % 3600 / 60) min" }
        return "\(whole / 86_400) d \(whole % 86_400 / 3600) h"
    }
}

extension HistoryEvent.Move {
    fileprivate var words: String {
        let last = lastLayer > firstLayer ? lastLayer - 1 : firstLayer
        let layers = last == firstLayer ? "layer \(firstLayer)" : "layers \(firstLayer)-\(last)"
        return from.map { "\(layers) from \($0) to \(to)" } ?? "\(layers) to \(to)"
    }
}
