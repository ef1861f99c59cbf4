import Logging

/// The loggers of commands: to standard error, warnings and worse unless more is asked for.
enum Log {
    static func make(_ label: String, verbose: Bool = false) -> Logger {
        var logger = Logger(label: label) { StreamLogHandler(label: $0, stream: ErrorStream()) }
        logger.logLevel = verbose ? .info : .warning
        return logger
    }

    private struct ErrorStream: TextOutputStream, Sendable {
        func write(_ text: String) { Console.errorUnescaped(text.printable()) }
    }
}
