import Foundation
import Placement
import Terminal

/// How far one long work is: bytes, rate and time left. The numbers may come from another machine, and be anything.
struct ProgressLine {
    var label: String
    var done: Int
    var total: Int
    /// What was done when it began.
    var first: Int
    /// Since it began.
    var seconds: Double
    /// Whether what was done when it began is to be told.
    var tellsFirst = false

    /// Without one, for files.
    var plain: String { layout.plain }

    /// How many quarters are done: elsewhere than on terminals a line is written for each.
    var quarters: Int { Int(share * 4) }

    /// For terminals.
    var layout: ProgressLayout { ProgressLayout(label: label, share: share, facts: facts) }

    /// What is done of it, from 0 to 1.
    private var share: Double { total > 0 ? max(0, min(1, Double(done) / Double(total))) : 0 }

    private var facts: [String] {
        var facts = ["\(ByteCount(done)) of \(ByteCount(total))"]
        let rate = seconds > 0.2 ? (Double(done) - Double(first)) / seconds : 0
        if rate > 0, done < total {
            facts.append("\(Self.duration((Double(total) - Double(done)) / rate)) left")
        }
        if rate > 0 { facts.append("\(ByteCount(Int(saturating: rate)))/s") }
        if tellsFirst, first > 0 { facts.append("\(ByteCount(first)) already there") }
        return facts
    }

    private static func duration(_ seconds: Double) -> String {
        // A rate that is all but 0 would give more than anybody waits for.
        let seconds = Int(saturating: min(seconds.rounded(.up), 86_400 * 99))
        if seconds < 60 { return "\(seconds) s" }
        if seconds < 3600 { return "\(seconds / 60) min \(seconds % 60) s" }
        return "\(seconds / 3600) h \(seconds % 3600 / 60) min"
    }
}
