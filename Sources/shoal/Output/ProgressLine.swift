import Foundation
import Placement

/// How far one long work is: bytes, rate and time left. The numbers may come from another machine, and be anything.
struct ProgressLine {
    var label: String
    var done: Int
    var total: Int
    /// What was done when it began.
    var first: Int
    /// Since it began.
    var seconds: Double

    /// With a bar, for terminals; the label padded to a width.
    func bar(labelWidth: Int) -> String {
        let cells = 24
        let filled = Int(share * Double(cells))
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: cells - filled)
        return label.padding(toLength: max(labelWidth, label.count), withPad: " ", startingAt: 0) + "  \(bar)  " + facts
    }

    /// Without one, for files.
    var plain: String { "\(label): \(facts)" }

    /// How many quarters are done: elsewhere than on terminals a line is written for each.
    var quarters: Int { Int(share * 4) }

    /// What is done of it, from 0 to 1.
    private var share: Double { total > 0 ? max(0, min(1, Double(done) / Double(total))) : 0 }

    private var facts: String {
        var text = "\(ByteCount(done)) of \(ByteCount(total))"
        let rate = seconds > 0.2 ? (Double(done) - Double(first)) / seconds : 0
        if rate > 0 { text += ", \(ByteCount(Int(saturating: rate)))/s" }
        if rate > 0 && done < total { text += ", \(Self.duration((Double(total) - Double(done)) / rate)) left" }
        return text
    }

    private static func duration(_ seconds: Double) -> String {
        // A rate that is all but 0 would give more than anybody waits for.
        let seconds = Int(saturating: min(seconds.rounded(.up), 86_400 * 99))
        if seconds < 60 { return "\(seconds) s" }
        if seconds < 3600 { return "\(seconds / 60) min \(seconds % 60) s" }
        return "\(seconds / 3600) h \(seconds % 3600 / 60) min"
    }
}
