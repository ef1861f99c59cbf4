/// The methods of texts that look for others in them.
extension Evaluator {
    /// The part that the arguments `start` and `end` (the second and third) name; nil for the whole text. A start behind the text's end
    /// names nothing, in which not even an empty text is found: the text is then nil.
    func range(
        of text: String, _ arguments: CallArguments, _ line: Int
    ) throws(TemplateError) -> (text: String?, start: Int)? {
        func bound(_ index: Int) throws(TemplateError) -> Int? {
            guard let value = arguments.value(index, index == 1 ? "start" : "end"), !value.isNull else { return nil }
            guard let bound = value.asInteger else { throw wrongType("a range of a text", value, line) }
            return bound
        }
        let (first, last) = (try bound(1), try bound(2))
        if first == nil && last == nil { return nil }
        // Taken apart into scalars, and put together again.
        try charge(.examined, text, line)
        try charge(.examined, text, line)
        let scalars = Array(text.unicodeScalars)
        func place(_ bound: Int) -> Int { bound < 0 ? max(0, max(bound, -scalars.count) + scalars.count) : bound }
        let start = first.map(place) ?? 0
        let end = min(last.map(place) ?? scalars.count, scalars.count)
        guard start <= scalars.count, start <= end else { return (nil, start) }
        return (String(String.UnicodeScalarView(scalars[start..<end])), start)
    }

    /// `find`, `rfind`, `index`, `rindex` and `count`.
    func found(
        _ name: String, _ text: String, _ arguments: CallArguments, _ line: Int
    ) throws(TemplateError) -> Value {
        let part = try string(arguments, 0, "sub", name, line)
        let range = try range(of: text, arguments, line)
        let searched = range == nil ? text : range?.text
        if name == "count" {
            guard let searched else { return .integer(0) }
            if part.isEmpty {
                try charge(.passed, searched, line)
                return .integer(searched.unicodeScalars.count + 1)
            }
            return .integer(try occurrences(of: part, in: searched, line).count)
        }
        var place: Int?
        if let searched {
            place =
                name.hasPrefix("r")
                ? try occurrencesFromRight(of: part, in: searched, limit: 1, line).first
                : try occurrences(of: part, in: searched, limit: 1, line).first
            if let offset = place {
                try charge(.passed, searched, line)
                place =
                    (range?.start ?? 0)
                    + String(decoding: searched.utf8.prefix(offset), as: UTF8.self).unicodeScalars.count
            }
        }
        if place == nil, name.hasSuffix("index") {
            throw TemplateError(code: .type, line: line, message: "'\(name)' does not find the text")
        }
        return .integer(place ?? -1)
    }

    /// The byte offsets of a text in another as `rsplit` and `rfind` see them, from the last to the first.
    func occurrencesFromRight(
        of part: String, in text: String, limit: Int, _ line: Int
    ) throws(TemplateError) -> [Int] {
        try charge(1, line)
        if part.utf8.count > text.utf8.count { return [] }
        if part.isEmpty { return [text.utf8.count] }
        try account.charge(bytes: 2 * (part.utf8.count + text.utf8.count), .written, line)
        let found = try occurrences(
            of: Array(part.utf8.reversed()), in: Array(text.utf8.reversed()), limit: limit, line)
        return found.map { text.utf8.count - $0 - part.utf8.count }
    }

    /// `partition` and `rpartition`: what is before a text, itself, and what is behind it.
    func partitioned(
        _ text: String, _ arguments: CallArguments, fromRight: Bool, _ line: Int
    ) throws(TemplateError) -> Value {
        let separator = try string(arguments, 0, "sep", fromRight ? "rpartition" : "partition", line)
        if separator.isEmpty {
            throw TemplateError(code: .type, line: line, message: "'partition' needs a text that is not empty")
        }
        let places =
            fromRight
            ? try occurrencesFromRight(of: separator, in: text, limit: 1, line)
            : try occurrences(of: separator, in: text, limit: 1, line)
        try charge(.written, text, line)
        guard let place = places.first else {
            let parts: [Value] = fromRight ? ["", "", .string(text)] : [.string(text), "", ""]
            return try list(parts, kind: .tuple, line)
        }
        let before = String(decoding: Array(text.utf8.prefix(place)), as: UTF8.self)
        let behind = String(decoding: Array(text.utf8.dropFirst(place + separator.utf8.count)), as: UTF8.self)
        return try list([.string(before), .string(separator), .string(behind)], kind: .tuple, line)
    }

    /// `split` and `rsplit`.
    func split(
        _ text: String, _ arguments: CallArguments, fromRight: Bool, _ line: Int
    ) throws(TemplateError) -> Value {
        try charge(.written, text, line)
        let wanted = arguments.value(1, "maxsplit")?.asInteger ?? -1
        let limit = wanted < 0 ? Int.max : wanted
        guard let separator = arguments.value(0, "sep"), !separator.isNull else {
            // Of each character it is asked twice whether it is a space. Words can be as many, so they are counted before they are made.
            try charge(.examined, text, line)
            try charge(.examined, text, line)
            try chargeElements(2 * text.unicodeScalars.count(where: isSpace), line)
            let words = fromRight ? lastWords(of: text, limit: limit) : words(of: text, limit: limit)
            return try list(words.map { .string($0) }, line)
        }
        guard case .string(let separator) = separator, !separator.isEmpty else {
            throw TemplateError(code: .type, line: line, message: "'split' needs a text that is not empty")
        }
        let cuts =
            fromRight
            ? try occurrencesFromRight(of: separator, in: text, limit: limit, line).reversed()
            : try occurrences(of: separator, in: text, limit: limit, line)
        try chargeElements(2 * cuts.count, line)
        let bytes = Array(text.utf8)
        var parts: [Value] = []
        var start = 0
        for cut in cuts {
            parts.append(.string(String(decoding: bytes[start..<cut], as: UTF8.self)))
            start = cut + separator.utf8.count
        }
        parts.append(.string(String(decoding: bytes[start...], as: UTF8.self)))
        return try list(parts, line)
    }

    /// Words, and after so many of them the rest as it is.
    private func words(of text: String, limit: Int) -> [String] {
        var rest = text.unicodeScalars[...].drop(while: isSpace)
        var words: [String] = []
        while !rest.isEmpty {
            let word = words.count < limit ? rest.prefix { !isSpace($0) } : rest
            words.append(String(Substring(word)))
            rest = rest[word.endIndex...].drop(while: isSpace)
        }
        return words
    }

    /// Words from the right, and before so many of them the rest as it is.
    private func lastWords(of text: String, limit: Int) -> [String] {
        var rest = text.unicodeScalars[...]
        var words: [String] = []
        while true {
            while let last = rest.last, isSpace(last) { rest.removeLast() }
            if rest.isEmpty { return words.reversed() }
            let word = words.count < limit ? rest.suffix(while: { !isSpace($0) }) : rest
            words.append(String(Substring(word)))
            rest = rest[..<word.startIndex]
        }
    }
}

extension BidirectionalCollection {
    /// The elements from the last one on backwards that all satisfy a predicate.
    fileprivate func suffix(while predicate: (Element) -> Bool) -> SubSequence {
        var start = endIndex
        while start > startIndex, predicate(self[index(before: start)]) { start = index(before: start) }
        return self[start...]
    }
}
