import CoordinatorCore
import Foundation
import Terminal
import Wire

/// What happened to the cluster, one line each, for people. Times are those of this machine's clock and time zone.
enum EventLine {
    /// - Parameter deviceWidth: of the column for devices.
    static func text(_ event: HistoryEvent, deviceWidth: Int = 12, now: Double = Date().timeIntervalSince1970) -> String
    {
        let device = event.device ?? "–"
        let name = device + String(repeating: " ", count: max(0, deviceWidth - device.count))
        return "\(time(event.time, now: now))  \(name)  \(event.words)"
    }

    /// The same for a terminal of so many columns: what happened is broken between words, below its own beginning.
    static func lines(
        _ event: HistoryEvent, deviceWidth: Int, columns: Int?, now: Double = Date().timeIntervalSince1970
    ) -> String {
        let line = text(event, deviceWidth: deviceWidth, now: now).printable(onOneLine: true)
        let indent = line.displayWidth - event.words.printable(onOneLine: true).displayWidth
        guard let columns, line.displayWidth > columns, indent < columns / 2 else { return line }
        return String(line.prefix(indent))
            + WordWrap.lines(of: line.dropFirst(indent), columns: columns - indent)
            .joined(separator: "\n" + String(repeating: " ", count: indent))
    }

    /// `21:03:11`, with the date where that is another day: `2026-11-29 21:03:11`.
    static func time(_ seconds: Double, now: Double) -> String {
        let isToday = formatted(seconds, "%F") == formatted(now, "%F")
        return formatted(seconds, isToday ? "%T" : "%F %T")
    }

    private static func formatted(_ seconds: Double, _ format: String) -> String {
        // Another machine tells the time: it may be anything.
        var time = time_t(max(0, min(seconds.isFinite ? seconds : 0, 253_402_300_799)))
        var parts = tm()
        localtime_r(&time, &parts)
        var text = [CChar](repeating: 0, count: 64)
        let count = strftime(&text, text.count, format, &parts)
        return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
