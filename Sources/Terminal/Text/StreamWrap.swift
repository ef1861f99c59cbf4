/// Breaks a text at spaces while it comes in pieces. What is written does not depend on how the text is cut.
///
/// Blocks of code, and lines that begin with a space or a tab, are left as they are. Words are written when they are whole.
package struct StreamWrap {
    /// Of a line at most; may change between pieces.
    package var columns: Int
    /// A character that has come, and to which a mark may still be joined.
    private var unread = ""
    /// How far the line that is written has come.
    private var column = 0
    private var spaces = 0
    /// What is not written yet, and its width.
    private var word = ""
    private var wordWidth = 0
    private var line = Line.empty
    private var isCode = false
    /// The first three characters of the line, which tell whether it begins or ends a block of code.
    private var opening = ""

    private enum Line {
        case empty
        /// A mark or two, which may become the beginning of a block of code.
        case marks
        case wrapped
        /// In the midst of a word that is longer than a line: the terminal breaks it.
        case longWord
        case verbatim
    }

    package init(columns: Int) { self.columns = max(1, columns) }

    /// - Returns: what is to be written now.
    package mutating func take(_ piece: String) -> String {
        unread += piece
        guard let last = unread.last else { return "" }
        var written = ""
        for character in unread.dropLast() { take(character, &written) }
        unread = String(last)
        return written
    }

    /// The text is over: what is left to be written. Another text may follow, which begins a line.
    package mutating func end() -> String {
        var written = ""
        for character in unread { take(character, &written) }
        flush(&written)
        self = StreamWrap(columns: columns)
        return written
    }

    private mutating func take(_ character: Character, _ written: inout String) {
        if character.isNewline { return endLine(&written) }
        if opening.count < 3 { opening.append(character) }
        if line == .empty {
            switch character {
            case _ where isCode, " ", "\t": line = .verbatim
            case "`", "~": line = .marks
            default: line = .wrapped
            }
        }
        if line == .marks {
            if opening.allSatisfy({ $0 == character }) {
                word.append(character)
                wordWidth += 1
                if wordWidth == 3 {
                    line = .verbatim
                    put(&written)
                }
                return
            }
            line = .wrapped
        }
        if line == .longWord, character != " ", character != "\t" {
            written.append(character)
            column += character.displayWidth
        } else if line == .verbatim {
            written.append(character)
        } else {
            wrap(character, &written)
        }
    }

    private mutating func endLine(_ written: inout String) {
        flush(&written)
        written += "\n"
        if opening == "```" || opening == "~~~" { isCode.toggle() }
        (column, spaces, opening, line) = (0, 0, "", .empty)
    }

    private mutating func wrap(_ character: Character, _ written: inout String) {
        if character == " " || character == "\t" {
            if line == .longWord { (line, column) = (.wrapped, column % columns) }
            flush(&written)
            spaces += 1
            return
        }
        let isBreak = character.isIdeographic || word.last?.isIdeographic == true
        if isBreak, !character.closesIdeographs { flush(&written) }
        word.append(character)
        wordWidth += character.displayWidth
        guard wordWidth > columns else { return }
        flush(&written)
        line = .longWord
    }

    /// Writes the word, on a new line where this one has no room for it.
    private mutating func flush(_ written: inout String) {
        guard !word.isEmpty else { return }
        if column > 0, column + spaces + wordWidth > columns {
            written += "\n"
            column = 0
        } else {
            written += String(repeating: " ", count: spaces)
            column += spaces
        }
        put(&written)
    }

    private mutating func put(_ written: inout String) {
        written += word
        column += wordWidth
        (spaces, word, wordWidth) = (0, "", 0)
    }
}
