package import Tokenizer

/// Turns a conversation into tokens so that special tokens typed by a user are text, not control.
///
/// A template writes control tokens around the contents of messages, and a rendered prompt does not tell the two apart. So
/// contents are marked before they are rendered: one private-use character, which occurs in none of them, goes before every
/// place where a control token begins (or may begin and end in what the template appends). Where the rendered prompt has a
/// mark, no control token is read. A conversation without such places is rendered and encoded unchanged.
package struct PromptEncoder: Sendable {
    private let controlTokens: SpecialTokenFinder
    private let encode: @Sendable (_ text: String, _ parseSpecial: Bool, _ goesOn: () -> Bool) -> [TokenID]

    /// - Parameters:
    ///   - controlTokens: The tokens that must not be read from users' texts.
    ///   - encode: A tokenizer's encoding of a text, with or without reading control tokens in it.
    package init(
        controlTokens: [(text: String, id: TokenID)],
        encode: @escaping @Sendable (_ text: String, _ parseSpecial: Bool) -> [TokenID]
    ) {
        self.controlTokens = SpecialTokenFinder(controlTokens)
        self.encode = { text, parseSpecial, _ in encode(text, parseSpecial) }
    }

    /// An encoder for a tokenizer's own control tokens: the special ones that it reads only when asked to.
    package init(_ tokenizer: Tokenizer) {
        var controlTokens: [(text: String, id: TokenID)] = []
        for id in 0..<TokenID(tokenizer.vocabularySize) where tokenizer.isSpecial(id) {
            guard let text = tokenizer.text(of: id), text.utf8.count <= SpecialTokenFinder.longestText,
                tokenizer.encode(text, parseSpecial: false) != [id]
            else { continue }
            controlTokens.append((text, id))
        }
        self.controlTokens = SpecialTokenFinder(controlTokens)
        encode = { text, parseSpecial, goesOn in
            tokenizer.encode(text, parseSpecial: parseSpecial, goesOn: goesOn)
        }
    }

    /// Encodes a rendered conversation.
    /// - Parameters:
    ///   - contents: What users wrote.
    ///   - goesOn: Asked now and then; what is given once it says no is of no use.
    ///   - render: Renders the conversation from the contents, which may have been marked, in the same order.
    package func tokens<Failure: Error>(
        contents: [String], goesOn: () -> Bool = { true }, render: ([String]) throws(Failure) -> String
    ) throws(Failure) -> [TokenID] {
        let places = contents.map(markedPlaces(in:))
        guard places.contains(where: { !$0.isEmpty }) else {
            return encode(try render(contents), true, goesOn)
        }
        let mark = Self.unusedMark(in: contents)
        let rendered = try render(zip(contents, places).map { Self.insert(mark, into: $0, at: $1) })
        return encode(marked: rendered, mark: mark, goesOn)
    }

    /// Offsets in UTF-8 where a control token begins, or where a text's end is the beginning of one.
    private func markedPlaces(in content: String) -> [Int] {
        let bytes = Array(content.utf8)
        return bytes.indices.filter { controlTokens.begins(in: bytes, at: $0) }
    }

    private static func insert(_ mark: Unicode.Scalar, into content: String, at places: [Int]) -> String {
        guard !places.isEmpty else { return content }
        var result: [UInt8] = []
        var copied = 0
        let bytes = Array(content.utf8)
        for place in places {
            result += bytes[copied..<place]
            result += Array(UTF8.encode(mark)!)
            copied = place
        }
        return String(decoding: result + bytes[copied...], as: UTF8.self)
    }

    /// The first character of Unicode's supplementary private use area A that no content has.
    private static func unusedMark(in contents: [String]) -> Unicode.Scalar {
        let used = Set(contents.lazy.flatMap(\.unicodeScalars).filter { $0.value >= 0xF0000 })
        // The two private planes have 131,068 characters; contents are bounded far above that, hence the way out.
        for value in UInt32(0xF0000)...0xFFFFD {
            if let mark = Unicode.Scalar(value), !used.contains(mark) { return mark }
        }
        return "\u{10FFFD}"
    }

    /// Encodes the runs between control tokens as text; a mark makes the character behind it text.
    private func encode(marked rendered: String, mark: Unicode.Scalar, _ goesOn: () -> Bool) -> [TokenID] {
        let bytes = Array(rendered.utf8)
        let markBytes = Array(UTF8.encode(mark)!)
        var tokens: [TokenID] = []
        var run: [UInt8] = []
        func endRun() {
            guard !run.isEmpty else { return }
            tokens += encode(String(decoding: run, as: UTF8.self), false, goesOn)
            run.removeAll(keepingCapacity: true)
        }
        var index = 0
        while index < bytes.count {
            if bytes[index...].starts(with: markBytes) {
                index += markBytes.count
                if index < bytes.count, !bytes[index...].starts(with: markBytes) {
                    run.append(bytes[index])
                    index += 1
                }
            } else if let match = controlTokens.longestMatch(in: bytes, at: index) {
                endRun()
                tokens.append(match.token)
                index = match.range.upperBound
            } else {
                run.append(bytes[index])
                index += 1
            }
        }
        endRun()
        return tokens
    }
}
