extension Evaluator {
    func arithmetic(_ operation: String, _ left: Value, _ right: Value, _ line: Int) throws(TemplateError)
        -> Value
    {
        if operation == "~" { return try joined(try printed(left, line), try printed(right, line), line) }
        switch (operation, left, right) {
        case ("+", .string(let left), .string(let right)): return try joined(left, right, line)
        case ("+", .list(let left), .list(let right)) where left.isTuple == right.isTuple:
            try chargeElements(left.elements.count + right.elements.count, line)
            return try checked(left.like(left.elements + right.elements), line)
        case ("%", .string(let format), _): return try formatted(format, percent: right, line)
        case ("*", .string(let text), _):
            if let count = right.asInteger { return try repeated(text, count, line) }
        case ("*", _, .string(let text)):
            if let count = left.asInteger { return try repeated(text, count, line) }
        case ("*", .list(let elements), _):
            if let count = right.asInteger { return try repeated(elements, count, line) }
        default: break
        }
        guard let first = left.asFloat, let second = right.asFloat else {
            let message =
                "'\(operation)' does not take a value of type \(left.typeName) with one of type \(right.typeName)"
            throw TemplateError(
                code: left.isUndefined || right.isUndefined ? .undefined : .type, line: line, message: message)
        }
        if let left = left.asInteger, let right = right.asInteger, operation != "/" {
            return try whole(operation, left, right, line)
        }
        return .float(try floating(operation, first, second, line))
    }

    private func whole(_ operation: String, _ left: Int, _ right: Int, _ line: Int) throws(TemplateError) -> Value {
        let result: (partialValue: Int, overflow: Bool)
        switch operation {
        case "+": result = left.addingReportingOverflow(right)
        case "-": result = left.subtractingReportingOverflow(right)
        case "*": result = left.multipliedReportingOverflow(by: right)
        case "//", "%":
            // Python rounds down, Swift towards zero.
            let quotient = left.dividedReportingOverflow(by: right)
            if right == 0 { throw TemplateError(code: .type, line: line, message: "a division by zero") }
            let remainder = right == -1 ? 0 : left % right
            let isBelow = remainder != 0 && (remainder < 0) != (right < 0)
            if operation == "%" {
                result = (isBelow ? remainder + right : remainder, false)
            } else {
                result = (isBelow ? quotient.partialValue - 1 : quotient.partialValue, quotient.overflow)
            }
        default:
            guard right >= 0 else { return .float(try floating("**", Double(left), Double(right), line)) }
            result = power(left, right)
        }
        if result.overflow {
            throw TemplateError(code: .limit, line: line, message: "a whole number grows beyond 64 bits")
        }
        return .integer(result.partialValue)
    }

    private func power(_ base: Int, _ exponent: Int) -> (partialValue: Int, overflow: Bool) {
        if base == 0 || base == 1 { return (exponent == 0 ? 1 : base, false) }
        if base == -1 { return (exponent % 2 == 0 ? 1 : -1, false) }
        if exponent > 63 { return (0, true) }
        var result = 1
        for _ in 0..<exponent {
            let (product, overflow) = result.multipliedReportingOverflow(by: base)
            if overflow { return (0, true) }
            result = product
        }
        return (result, false)
    }

    private func floating(_ operation: String, _ left: Double, _ right: Double, _ line: Int) throws(TemplateError)
        -> Double
    {
        switch operation {
        case "+": return left + right
        case "-": return left - right
        case "*": return left * right
        case "**":
            guard right == right.rounded(), abs(right) <= 1024 else {
                throw TemplateError(code: .unsupported, line: line, message: "the power \(right) is not supported")
            }
            var result = 1.0
            for _ in 0..<Int(abs(right)) { result *= left }
            return right < 0 ? 1 / result : result
        default:
            if right == 0 { throw TemplateError(code: .type, line: line, message: "a division by zero") }
            if operation == "/" { return left / right }
            let floor = (left / right).rounded(.down)
            return operation == "//" ? floor : left - floor * right
        }
    }

    func negated(_ value: Value, _ line: Int) throws(TemplateError) -> Value {
        if case .float(let number) = value { return .float(-number) }
        guard let number = value.asInteger else { throw wrongType("-", value, line) }
        if number == .min {
            throw TemplateError(code: .limit, line: line, message: "a whole number grows beyond 64 bits")
        }
        return .integer(-number)
    }

    private func joined(_ left: String, _ right: String, _ line: Int) throws(TemplateError) -> Value {
        try chargeText(left.utf8.count + right.utf8.count, line)
        return .string(left + right)
    }

    private func repeated(_ text: String, _ count: Int, _ line: Int) throws(TemplateError) -> Value {
        if text.isEmpty || count <= 0 { return .string("") }
        guard count <= limits.outputBytes / text.utf8.count else {
            throw TemplateError(code: .limit, line: line, message: "a text grows beyond \(limits.outputBytes) bytes")
        }
        try chargeText(count * text.utf8.count, line)
        return .string(String(repeating: text, count: count))
    }

    private func repeated(_ list: ValueList, _ count: Int, _ line: Int) throws(TemplateError) -> Value {
        let elements = list.elements
        if elements.isEmpty || count <= 0 { return list.like([]) }
        let total = count.multipliedReportingOverflow(by: elements.count)
        try chargeElements(total.overflow ? .max : total.partialValue, line)
        var result: [Value] = []
        result.reserveCapacity(total.partialValue)
        for _ in 0..<count { result += elements }
        return try checked(list.like(result), line)
    }

    // MARK: Comparison

    func compare(_ operation: String, _ left: Value, _ right: Value, _ line: Int) throws(TemplateError) -> Bool {
        switch operation {
        case "==": try equal(left, right, line)
        case "!=": !(try equal(left, right, line))
        case "in": try contains(right, left, line)
        case "not in": !(try contains(right, left, line))
        case "<": try isLess(left, right, line)
        case ">": try isLess(right, left, line)
        case "<=": try isLessOrEqual(left, right, line)
        default: try isLessOrEqual(right, left, line)
        }
    }

    private func isLessOrEqual(_ left: Value, _ right: Value, _ line: Int) throws(TemplateError) -> Bool {
        if let left = left.asFloat, let right = right.asFloat, left.isNaN || right.isNaN { return false }
        return !(try isLess(right, left, line))
    }

    /// Python's `==`.
    func equal(_ left: Value, _ right: Value, _ line: Int) throws(TemplateError) -> Bool {
        try charge(1, line)
        switch (left, right) {
        case (.string(let left), .string(let right)):
            guard left.utf8.count == right.utf8.count else { return false }
            try charge(.passed, left, line)
            return same(left, right)
        case (.list(let left), .list(let right)):
            guard left.elements.count == right.elements.count, left.isTuple == right.isTuple else { return false }
            for (one, other) in zip(left.elements, right.elements) where !(try equal(one, other, line)) { return false }
            return true
        case (.mapping(let left), .mapping(let right)):
            guard left.keys.count == right.keys.count else { return false }
            for (index, value) in left.values.enumerated() {
                try account.charge(bytes: 2 * left.keys[index].utf8.count, .passed, line)
                guard let other = right.value(of: left.key(at: index)), try equal(value, other, line) else {
                    return false
                }
            }
            return true
        case (.null, .null), (.undefined, .undefined): return true
        case (.reference(let left), .reference(let right)): return left == right
        default:
            if let left = left.asInteger, let right = right.asInteger { return left == right }
            if let left = left.asFloat, let right = right.asFloat { return left == right }
            return false
        }
    }

    /// Python's `<`.
    func isLess(_ left: Value, _ right: Value, _ line: Int) throws(TemplateError) -> Bool {
        try charge(1, line)
        if let left = left.asInteger, let right = right.asInteger { return left < right }
        if let left = left.asFloat, let right = right.asFloat { return left < right }
        switch (left, right) {
        case (.string(let left), .string(let right)):
            try account.charge(bytes: min(left.utf8.count, right.utf8.count), .passed, line)
            return precedes(left, right)
        case (.list(let left), .list(let right)) where left.isTuple == right.isTuple:
            for (one, other) in zip(left.elements, right.elements) where !(try equal(one, other, line)) {
                return try isLess(one, other, line)
            }
            return left.elements.count < right.elements.count
        default:
            throw TemplateError(
                code: left.isUndefined || right.isUndefined ? .undefined : .type, line: line,
                message: "values of type \(left.typeName) and \(right.typeName) have no order")
        }
    }

    /// Python's `in`.
    func contains(_ container: Value, _ value: Value, _ line: Int) throws(TemplateError) -> Bool {
        switch container {
        case .list(let list):
            for element in list.elements where try equal(element, value, line) { return true }
            return false
        case .mapping(let mapping):
            try account.charge(bytes: 2 * (value.text?.utf8.count ?? 0), .passed, line)
            return mapping.value(of: value) != nil
        case .string(let text):
            guard case .string(let part) = value else { throw wrongType("'in' a string", value, line) }
            return try !occurrences(of: part, in: text, limit: 1, line).isEmpty
        case .undefined: return false
        default: throw wrongType("'in'", container, line)
        }
    }

    /// The byte offsets of a text in another, without overlaps; an empty one is found at 0.
    func occurrences(
        of part: String, in text: String, limit: Int = .max, _ line: Int
    ) throws(TemplateError) -> [Int] {
        try charge(1, line)
        if part.utf8.count > text.utf8.count { return [] }
        // The naive search may look at every pair of bytes: here at up to 16 for each, the others are charged where they are.
        try account.charge(bytes: part.utf8.count + text.utf8.count, .written, line)
        return try occurrences(of: Array(part.utf8), in: Array(text.utf8), limit: limit, line)
    }

    func occurrences(
        of needle: [UInt8], in hay: [UInt8], limit: Int, _ line: Int
    ) throws(TemplateError) -> [Int] {
        guard let first = needle.first else { return [0] }
        var found: [Int] = []
        var index = 0
        while index + needle.count <= hay.count && found.count < limit {
            if hay[index] == first {
                var length = 1
                while length < needle.count && hay[index + length] == needle[length] { length += 1 }
                if length > 16 { try account.charge(bytes: length, .passed, line) }
                if length == needle.count {
                    found.append(index)
                    index += needle.count
                    continue
                }
            }
            index += 1
        }
        return found
    }
}
