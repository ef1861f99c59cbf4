extension Evaluator {
    /// Whether a value passes a test by name.
    mutating func passes(
        _ name: String, _ value: Value, _ arguments: CallArguments, _ line: Int
    ) throws(TemplateError) -> Bool {
        if name.utf8.count > Self.longestName { throw unsupportedTest(name, line) }
        switch name {
        case "defined": return !value.isUndefined
        case "undefined": return value.isUndefined
        case "none": return value.isNull
        case "string": if case .string = value { return true } else { return false }
        case "mapping": if case .mapping = value { return true } else { return false }
        case "boolean": if case .boolean = value { return true } else { return false }
        case "integer": if case .integer = value { return true } else { return false }
        case "float": if case .float = value { return true } else { return false }
        case "number": return value.asFloat != nil
        case "true": return value == .boolean(true)
        case "false": return value == .boolean(false)
        case "iterable", "sequence":
            switch value {
            case .list, .mapping, .string, .undefined: return true
            default: return false
            }
        case "callable":
            switch value {
            case .reference(.function), .reference(.macro), .reference(.method): return true
            default: return false
            }
        case "odd", "even":
            guard let number = value.asInteger else { throw wrongType("'is \(name)'", value, line) }
            return (number % 2 == 0) == (name == "even")
        case "lower", "upper":
            let text = try printed(value, line)
            let (lower, upper) = (try lowercased(text, line), try uppercased(text, line))
            return same(text, name == "lower" ? lower : upper) && !same(text, name == "lower" ? upper : lower)
        case "divisibleby":
            guard let number = value.asInteger, let divisor = try argument(name, arguments, line).asInteger,
                divisor != 0
            else {
                throw wrongType("'is divisibleby'", value, line)
            }
            return number.isMultiple(of: divisor)
        case "equalto", "eq", "==": return try equal(value, try argument(name, arguments, line), line)
        case "sameas":
            // Of numbers, truth values and none only those of one type can be the same.
            let other = try argument(name, arguments, line)
            return value.typeName == other.typeName ? try equal(value, other, line) : false
        case "ne", "!=": return !(try equal(value, try argument(name, arguments, line), line))
        case "in": return try contains(try argument(name, arguments, line), value, line)
        case "lt", "lessthan", "<": return try compare("<", value, try argument(name, arguments, line), line)
        case "le", "<=": return try compare("<=", value, try argument(name, arguments, line), line)
        case "gt", "greaterthan", ">": return try compare(">", value, try argument(name, arguments, line), line)
        case "ge", ">=": return try compare(">=", value, try argument(name, arguments, line), line)
        default: throw unsupportedTest(name, line)
        }
    }

    private func unsupportedTest(_ name: String, _ line: Int) -> TemplateError {
        TemplateError(code: .unsupported, line: line, message: "the test '\(Self.shown(name))' is not supported")
    }

    private func argument(_ name: String, _ arguments: CallArguments, _ line: Int) throws(TemplateError) -> Value {
        guard let value = arguments.positional.first else {
            throw TemplateError(code: .type, line: line, message: "the test '\(name)' needs a value")
        }
        return value
    }
}
