/// What a person types in a conversation, line by line: messages of one line or more, and orders, which begin with `/`.
///
/// A line that ends in `\` goes on with the next; `"""` begins and ends a message of several lines.
package struct ConversationInput: Sendable {
    package enum Entry: Equatable, Sendable {
        case nothing
        /// There is more to come.
        case unfinished
        case message(String)
        /// Its name without the `/`, and what stands behind it.
        case order(String, argument: String)
    }

    private var lines: [String] = []
    private var isBlock = false
    private static let mark = "\"\"\""

    package init() {}

    /// Whether a message has begun and goes on.
    package var isUnfinished: Bool { isBlock || !lines.isEmpty }

    /// - Parameter line: without its end.
    package mutating func take(_ line: String) -> Entry {
        if isBlock { return takeBlock(line) }
        if lines.isEmpty {
            let text = line.trimmed
            if text.hasPrefix(Self.mark) {
                isBlock = true
                let rest = String(text.dropFirst(Self.mark.count))
                return rest.isEmpty ? .unfinished : takeBlock(rest)
            }
            if let order = Self.order(text) { return order }
        }
        if line.hasSuffix("\\") {
            lines.append(String(line.dropLast()))
            return .unfinished
        }
        lines.append(line)
        return finish()
    }

    /// Drops what has begun.
    package mutating func clear() { self = ConversationInput() }

    /// There are no more lines: what has begun is the last message.
    package mutating func end() -> Entry { isUnfinished ? finish() : .nothing }

    private mutating func takeBlock(_ line: String) -> Entry {
        var end = line[...]
        while end.last?.isWhitespace == true { end.removeLast() }
        guard end.hasSuffix(Self.mark) else {
            lines.append(line)
            return .unfinished
        }
        let last = String(end.dropLast(Self.mark.count))
        if !last.isEmpty { lines.append(last) }
        return finish()
    }

    private mutating func finish() -> Entry {
        let text = lines.joined(separator: "\n")
        clear()
        return text.allSatisfy(\.isWhitespace) ? .nothing : .message(text)
    }

    /// A word of letters behind a `/`; a path has another one.
    private static func order(_ text: String) -> Entry? {
        guard text.first == "/" else { return nil }
        let parts = text.dropFirst().split(maxSplits: 1, whereSeparator: \.isWhitespace)
        let name = parts.first.map(String.init) ?? ""
        guard name.allSatisfy({ $0.isLetter || $0 == "?" || $0 == "-" }) else { return nil }
        return .order(name.lowercased(), argument: parts.count > 1 ? String(parts[1]).trimmed : "")
    }
}

extension String {
    /// Without white space at both ends.
    fileprivate var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
