extension Evaluator {
    /// The filters of texts; nil when the name is none of theirs.
    mutating func textFilter(
        _ name: String, _ value: Value, _ arguments: CallArguments, _ line: Int
    ) throws(TemplateError) -> Value? {
        switch name {
        case "string", "safe": return try text(try printed(value, line), line)
        case "trim":
            var characters: Set<Unicode.Scalar>?
            if case .string(let text) = arguments.value(0, "chars") {
                try charge(.examined, text, line)
                characters = Set(text.unicodeScalars)
            }
            let printed = try printed(value, line)
            return try text(try trimmed(printed, characters, line), line)
        case "upper": return try text(try uppercased(try printed(value, line), line), line)
        case "lower": return try text(try lowercased(try printed(value, line), line), line)
        case "capitalize":
            let printed = try printed(value, line)
            try charge(.written, printed, line)
            return try text(capitalized(printed), line)
        case "title":
            let printed = try printed(value, line)
            try charge(.examined, printed, line)
            return try text(titledWords(printed), line)
        case "replace":
            let old = try string(arguments, 0, "old", name, line)
            let new = try string(arguments, 1, "new", name, line)
            return try replaced(try printed(value, line), old, new, arguments.value(2, "count")?.asInteger, line)
        case "center": return try aligned(try printed(value, line), by: name, arguments, line)
        case "truncate": return try truncated(try printed(value, line), arguments, line)
        case "format": return try formatted(try printed(value, line), percentOf: arguments, line)
        case "indent": return try indented(try printed(value, line), arguments, line)
        case "escape", "e", "forceescape":
            var result = ""
            let printed = try printed(value, line)
            try charge(.written, printed, line)
            for scalar in printed.unicodeScalars {
                switch scalar {
                case "&": result += "&amp;"
                case "<": result += "&lt;"
                case ">": result += "&gt;"
                case "'": result += "&#39;"
                case "\"": result += "&#34;"
                default: result.unicodeScalars.append(scalar)
                }
            }
            return try text(result, line)
        case "wordcount":
            let counted = try printed(value, line)
            try charge(counted.utf8.count, line)
            return .integer(counted.unicodeScalars.split(whereSeparator: isSpace).count)
        default: return nil
        }
    }

    private mutating func indented(
        _ value: String, _ arguments: CallArguments, _ line: Int
    ) throws(TemplateError) -> Value {
        let indent: String
        switch arguments.value(0, "width") ?? .integer(4) {
        case .string(let text): indent = text
        case let width:
            guard let count = width.asInteger, count <= 1000 else { throw wrongType("'indent'", width, line) }
            indent = String(repeating: " ", count: max(0, count))
        }
        let first = arguments.value(1, "first")?.isTrue ?? false
        let blank = arguments.value(2, "blank")?.isTrue ?? false
        var writer = ValueWriter(account: account, limit: limits.outputBytes, line: line)
        try charge(.written, value, line)
        try chargeElements(2 * value.utf8.count(where: { $0 == 0x0a }), line)
        let lines = value.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, text) in lines.enumerated() {
            if index > 0 { try writer.write("\n") }
            if index == 0 ? first : (blank || !text.isEmpty) { try writer.write(indent) }
            try writer.write(String(Substring(text)))
        }
        return .string(writer.output)
    }

    /// `truncate`: a text of more than so many characters, cut at a word's end.
    private func truncated(_ text: String, _ arguments: CallArguments, _ line: Int) throws(TemplateError) -> Value {
        let end = try printed(arguments.value(2, "end") ?? .string("..."), line)
        let slack: Value =
            if case .null = arguments.value(3, "leeway") ?? .null { .integer(5) } else {
                arguments.value(3, "leeway") ?? .integer(5)
            }
        try account.charge(bytes: text.utf8.count + end.utf8.count, .written, line)
        let endCount = end.unicodeScalars.count
        guard let length = (arguments.value(0, "length") ?? .integer(255)).asInteger, length >= endCount,
            let leeway = slack.asInteger, leeway >= 0
        else {
            throw TemplateError(
                code: .type, line: line, message: "'truncate' takes a length of at least that of its end, and a leeway")
        }
        let scalars = text.unicodeScalars
        let (longest, overflow) = length.addingReportingOverflow(leeway)
        if overflow || scalars.count <= longest { return .string(text) }
        var kept = Substring(scalars.prefix(length - endCount)).unicodeScalars
        if !(arguments.value(1, "killwords")?.isTrue ?? false), let space = kept.lastIndex(of: " ") {
            kept = kept[..<space]
        }
        return try self.text(String(Substring(kept)) + end, line)
    }

    /// The filter `format`: `%` with the arguments as values.
    private func formatted(
        _ format: String, percentOf arguments: CallArguments, _ line: Int
    ) throws(TemplateError) -> Value {
        guard arguments.positional.isEmpty || arguments.named.isEmpty else {
            throw TemplateError(
                code: .type, line: line, message: "'format' takes arguments with names or without, not both")
        }
        if arguments.named.isEmpty {
            return try formatted(
                format, percent: try list(arguments.positional, kind: .tuple, line), line)
        }
        var mapping = ValueMapping()
        for (name, value) in arguments.named {
            try chargeEntry(name, line)
            mapping[name] = value
        }
        return try formatted(format, percent: try checked(.mapping(mapping), line), line)
    }
}
