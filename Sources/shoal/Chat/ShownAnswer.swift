import Foundation
import Terminal
import Wire

/// An answer that is shown while it comes: broken between words on a terminal, as it is elsewhere.
struct ShownAnswer {
    private var wrap = TerminalWindow.columns(of: STDOUT_FILENO).map { StreamWrap(columns: $0) }
    /// Whether what was shown ends with a line.
    private var endsLine = true

    mutating func add(_ piece: String) {
        endsLine = piece.hasSuffix("\n")
        guard wrap != nil else { return Console.writeUnescaped(piece) }
        if let columns = TerminalWindow.columns(of: STDOUT_FILENO) { wrap?.columns = columns }
        show(wrap?.take(piece.printable()) ?? "")
    }

    /// It is over, or broken off: the next line begins.
    ///
    /// - Parameter always: whether an empty line follows an answer that ends with a line.
    mutating func end(always: Bool = true) {
        show(wrap?.end() ?? "")
        if always || !endsLine { Console.write("\n") }
    }

    private func show(_ text: String) { if !text.isEmpty { Console.writeUnescaped(text) } }
}
