import Logging
import Wire

/// The loggers of commands: to standard error, warnings and worse unless more is asked for.
enum Log {
    static func make(_ label: String, verbose: Bool = false) -> Logger {
        var logger = Logger(label: label) { StreamLogHandler(label: $0, stream: ErrorStream()) }
        logger.logLevel = verbose ? .info : .warning
        return logger
    }

    private struct ErrorStream: TextOutputStream, Sendable {
        /// One message is one line. By scalars, since CR LF is one character.
        func write(_ text: String) {
            let scalars = text.unicodeScalars
            let isEnded = scalars.last == "\n"
            let line = String(isEnded ? scalars.dropLast() : scalars[...])
            Console.errorUnescaped(line.printable(onOneLine: true) + (isEnded ? "\n" : ""))
        }
    }
}
