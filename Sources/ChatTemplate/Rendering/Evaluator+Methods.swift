extension Evaluator {
    private static let textMethods: Set<String> = [
        "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "startswith", "endswith", "upper", "lower",
        "title",
        "capitalize", "replace", "join", "find", "count", "removeprefix", "removesuffix", "isdigit", "isspace",
        "isalpha", "isupper",
        "islower", "isalnum", "isdecimal", "isnumeric", "isascii", "swapcase", "format", "format_map", "zfill", "ljust",
        "rjust", "center", "rfind", "index", "rindex", "partition", "rpartition",
    ]
    private static let mappingMethods: Set<String> = ["items", "keys", "values", "get", "copy"]
    private static let listMethods: Set<String> = ["index", "count", "copy"]

    static func hasMethod(_ name: String, _ value: Value) -> Bool {
        // The longest is "removeprefix"; names may be any text.
        guard name.utf8.count <= 12 else { return false }
        return switch value {
        case .string: textMethods.contains(name)
        case .mapping: mappingMethods.contains(name)
        case .list: listMethods.contains(name)
        case .reference(.loop): name == "cycle" || name == "changed"
        default: false
        }
    }

    mutating func callMethod(
        _ name: String, of base: Value, _ arguments: CallArguments, _ line: Int
    ) throws(TemplateError) -> Value {
        switch base {
        case .string(let text): return try textMethod(name, text, arguments, line)
        case .mapping(let mapping): return try mappingMethod(name, mapping, arguments, line)
        case .list(let list): return try listMethod(name, list.elements, arguments, line)
        case .reference(.loop(let number)) where number < loops.count:
            if name == "cycle", !arguments.positional.isEmpty {
                return arguments.positional[loops[number].index % arguments.positional.count]
            }
            let value = try self.list(arguments.positional, line)
            let before = loops[number].changed
            loops[number].changed = value
            guard let before else { return .boolean(true) }
            return .boolean(!(try equal(before, value, line)))
        default: throw wrongType("'\(name)'", base, line)
        }
    }

    private mutating func mappingMethod(
        _ name: String, _ mapping: ValueMapping, _ arguments: CallArguments, _ line: Int
    ) throws(TemplateError) -> Value {
        switch name {
        case "items": return try pairs(Array(mapping.keys.indices), of: mapping, line)
        case "keys":
            try chargeElements(mapping.keys.count, line)
            return .array(mapping.keys.indices.map(mapping.key(at:)))
        case "values": return try list(mapping.values, line)
        case "get":
            guard let key = arguments.value(0, "key") else {
                throw TemplateError(code: .type, line: line, message: "'get' needs a key")
            }
            try account.charge(bytes: 2 * (key.text?.utf8.count ?? 0), .passed, line)
            return mapping.value(of: key) ?? arguments.value(1, "default") ?? .null
        default: return .mapping(mapping)
        }
    }

    private mutating func listMethod(
        _ name: String, _ elements: [Value], _ arguments: CallArguments, _ line: Int
    ) throws(TemplateError) -> Value {
        if name == "copy" { return .array(elements) }
        guard let wanted = arguments.positional.first else {
            throw TemplateError(code: .type, line: line, message: "'\(name)' needs a value")
        }
        var count = 0
        for (index, element) in elements.enumerated() where try equal(element, wanted, line) {
            if name == "index" { return .integer(index) }
            count += 1
        }
        if name == "index" { throw TemplateError(code: .type, line: line, message: "the value is not in the list") }
        return .integer(count)
    }

    private mutating func textMethod(
        _ name: String, _ text: String, _ arguments: CallArguments, _ line: Int
    ) throws(TemplateError) -> Value {
        switch name {
        case "strip", "lstrip", "rstrip":
            let characters = try characters(arguments.value(0, "chars"), line)
            return try self.text(
                try trimmed(text, characters, left: name != "rstrip", right: name != "lstrip", line), line)
        case "split", "rsplit": return try split(text, arguments, fromRight: name == "rsplit", line)
        case "splitlines":
            try charge(.examined, text, line)
            // Lines are counted before they are made.
            try chargeElements(2 * text.unicodeScalars.count(where: breaksLine), line)
            let lines = lines(of: text, keepsEnds: arguments.value(0, "keepends")?.isTrue ?? false)
            return try list(lines.map { .string($0) }, line)
        case "startswith", "endswith":
            let part = try range(of: text, arguments, line)
            return .boolean(try hasAffix(name, part?.text ?? (part == nil ? text : ""), arguments, line))
        case "format": return try formatted(text, arguments, line)
        case "format_map":
            var values = CallArguments()
            guard case .mapping(let mapping) = arguments.positional.first else {
                throw TemplateError(code: .type, line: line, message: "'format_map' needs a dictionary")
            }
            for (index, value) in mapping.values.enumerated() {
                try chargeEntry(mapping.keys[index], line)
                if case .string(let name) = mapping.key(at: index) { values.named.append((name, value)) }
            }
            return try formatted(text, values, line)
        case "zfill", "ljust", "rjust", "center": return try aligned(text, by: name, arguments, line)
        case "find", "rfind", "index", "rindex", "count": return try found(name, text, arguments, line)
        case "partition", "rpartition":
            return try partitioned(text, arguments, fromRight: name == "rpartition", line)
        case "swapcase":
            try charge(.examined, text, line)
            return try self.text(swappedCase(text), line)
        case "removeprefix", "removesuffix":
            let affix = try string(arguments, 0, "affix", name, line)
            guard try hasAffix(affix, text, atStart: name == "removeprefix", line) else { return .string(text) }
            try charge(.written, text, line)
            let count = affix.utf8.count
            let kept = name == "removeprefix" ? text.utf8.dropFirst(count) : text.utf8.dropLast(count)
            return .string(String(decoding: Array(kept), as: UTF8.self))
        case "upper": return try self.text(try uppercased(text, line), line)
        case "lower": return try self.text(try lowercased(text, line), line)
        case "title":
            try charge(.examined, text, line)
            return try self.text(titled(text), line)
        case "capitalize":
            try charge(.written, text, line)
            return try self.text(capitalized(text), line)
        case "replace":
            let old = try string(arguments, 0, "old", name, line)
            let new = try string(arguments, 1, "new", name, line)
            return try replaced(text, old, new, arguments.value(2, "count")?.asInteger, line)
        case "join": return try join(arguments.positional.first ?? .array([]), separator: text, line)
        default:
            try charge(.examined, text, line)
            let scalars = text.unicodeScalars
            let all: Bool =
                switch name {
                case "isdigit":
                    scalars.allSatisfy { $0.properties.numericType == .decimal || $0.properties.numericType == .digit }
                case "isdecimal": scalars.allSatisfy { $0.properties.numericType == .decimal }
                case "isnumeric": scalars.allSatisfy { $0.properties.numericType != nil }
                case "isalnum":
                    scalars.allSatisfy { $0.properties.isAlphabetic || $0.properties.numericType != nil }
                case "isascii": scalars.allSatisfy(\.isASCII)
                case "isspace": scalars.allSatisfy(isSpace)
                case "isalpha": scalars.allSatisfy(\.properties.isAlphabetic)
                case "isupper": same(text, text.uppercased()) && !same(text, text.lowercased())
                default: same(text, text.lowercased()) && !same(text, text.uppercased())
                }
            return .boolean((!text.isEmpty || name == "isascii") && all)
        }
    }

    func string(
        _ arguments: CallArguments, _ index: Int, _ argument: String, _ name: String, _ line: Int
    ) throws(TemplateError) -> String {
        guard case .string(let text) = arguments.value(index, argument) else {
            throw TemplateError(code: .type, line: line, message: "'\(name)' needs a text as argument \(index + 1)")
        }
        return text
    }

    private func hasAffix(_ affix: String, _ text: String, atStart: Bool, _ line: Int) throws(TemplateError) -> Bool {
        try charge(1, line)
        try account.charge(bytes: min(affix.utf8.count, text.utf8.count), .passed, line)
        guard affix.utf8.count <= text.utf8.count else { return false }
        return atStart
            ? text.utf8.starts(with: affix.utf8) : text.utf8.suffix(affix.utf8.count).elementsEqual(affix.utf8)
    }

    private func hasAffix(
        _ name: String, _ text: String, _ arguments: CallArguments, _ line: Int
    ) throws(TemplateError) -> Bool {
        let affixes: [Value]
        if case .list(let list) = arguments.positional.first {
            affixes = list.elements
        } else {
            affixes = [.string(try string(arguments, 0, "affix", name, line))]
        }
        for affix in affixes {
            guard case .string(let affix) = affix else { throw wrongType("'\(name)'", affix, line) }
            if try hasAffix(affix, text, atStart: name == "startswith", line) { return true }
        }
        return false
    }

    private func characters(_ value: Value?, _ line: Int) throws(TemplateError) -> Set<Unicode.Scalar>? {
        guard let value, !value.isNull else { return nil }
        guard case .string(let text) = value else { throw wrongType("'strip'", value, line) }
        try charge(.examined, text, line)
        return Set(text.unicodeScalars)
    }
}
