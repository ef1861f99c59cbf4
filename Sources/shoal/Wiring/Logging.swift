import Foundation
import Logging
import Wire

/// The loggers of commands: to standard error, warnings and worse unless more is asked for.
///
/// The message comes first, what belongs to it behind it. People at a terminal read no more than that; a file has the time and the level
/// too, and the journal the level as it takes it (sd-daemon(3)), since it has the time of its own.
enum Log {
    static func make(_ label: String, verbose: Bool = false) -> Logger {
        var logger = Logger(label: label) { _ in ErrorLog() }
        logger.logLevel = verbose ? .info : .warning
        return logger
    }

    /// Who reads standard error.
    private enum Reader { case person, journal, file }

    private static let reader: Reader = {
        if isatty(STDERR_FILENO) == 1 { return .person }
        // As `DEVICE:INODE` of what the journal listens on, where it does: standard error may be something else since (systemd.exec(5)).
        var status = stat()
        guard let journal = ProcessInfo.processInfo.environment["JOURNAL_STREAM"], fstat(STDERR_FILENO, &status) == 0
        else { return .file }
        return journal == "\(status.st_dev):\(status.st_ino)" ? .journal : .file
    }()

    /// What a line of a log begins with: the time, where nothing else notes it.
    static var stamp: String { reader == .file ? "\(Date.now.formatted(.iso8601)) " : "" }

    private struct ErrorLog: LogHandler {
        var metadata: Logger.Metadata = [:]
        var metadataProvider: Logger.MetadataProvider?
        var logLevel = Logger.Level.warning

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let provided = metadataProvider?.get() ?? [:]
            let all = metadata.merging(provided) { $1 }.merging(event.metadata ?? [:]) { $1 }
            Console.log(Log.line(level: event.level, message: "\(event.message)", metadata: all))
        }
    }

    /// One message is one line.
    private static func line(level: Logger.Level, message: String, metadata: Logger.Metadata) -> String {
        let facts = metadata.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        let whole = facts.isEmpty ? message : "\(message) (\(facts.joined(separator: ", ")))"
        let text = whole.printable(onOneLine: true)
        switch reader {
        case .journal: return "<\(priority(level))>\(text)"
        case .file: return "\(stamp)\(level < .warning ? "" : "\(level): ")\(text)"
        case .person: return level < .warning ? text : "\(level): \(text)"
        }
    }

    /// As syslog(3) counts.
    private static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
