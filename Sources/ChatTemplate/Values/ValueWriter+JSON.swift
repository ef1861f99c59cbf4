/// The choices of Python's `json.dumps` that templates make.
struct JSONStyle {
    var indent: String?
    var itemSeparator = ", "
    var keySeparator = ": "
    var sortKeys = false
    var ensureASCII = false
}

extension ValueWriter {
    /// Writes JSON as Python's `json.dumps` does.
    mutating func writeJSON(_ value: Value, _ style: JSONStyle, level: Int = 0) throws(TemplateError) {
        try charge(value)
        switch value {
        case .null: try write("null")
        case .boolean(let value): try write(value ? "true" : "false")
        case .integer(let value): try write(String(value))
        case .float(let value):
            try write(
                value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-Infinity" : "Infinity") : pythonText(value))
        case .string(let text): try write(Self.jsonQuoted(text, ensureASCII: style.ensureASCII))
        case .list(let list):
            try write("[")
            for (index, element) in list.elements.enumerated() {
                try separate(index, style, level + 1)
                try writeJSON(element, style, level: level + 1)
            }
            if !list.elements.isEmpty { try breakLine(style, level) }
            try write("]")
        case .mapping(let mapping):
            try write("{")
            var order = Array(mapping.keys.indices)
            if style.sortKeys {
                order = try mergeSorted(order.count) { (one, other) throws(TemplateError) in
                    let (one, other) = (mapping.keys[one], mapping.keys[other])
                    try account.charge(1, line)
                    try account.charge(bytes: min(one.utf8.count, other.utf8.count), .passed, line)
                    return precedes(one, other)
                }
            }
            for (position, index) in order.enumerated() {
                try separate(position, style, level + 1)
                try write(Self.jsonQuoted(mapping.keys[index], ensureASCII: style.ensureASCII))
                try write(style.keySeparator)
                try writeJSON(mapping.values[index], style, level: level + 1)
            }
            if !mapping.keys.isEmpty { try breakLine(style, level) }
            try write("}")
        case .undefined, .reference:
            throw TemplateError(code: .type, line: line, message: "\(value.typeName) cannot be written as JSON")
        }
    }

    private mutating func separate(_ index: Int, _ style: JSONStyle, _ level: Int) throws(TemplateError) {
        if index > 0 { try write(style.itemSeparator) }
        try breakLine(style, level)
    }

    private mutating func breakLine(_ style: JSONStyle, _ level: Int) throws(TemplateError) {
        guard let indent = style.indent else { return }
        try write("\n")
        try account.charge(level, line)
        for _ in 0..<level { try write(indent) }
    }

    /// A text in JSON's quotes (RFC 8259), escaped as Python does.
    static func jsonQuoted(_ text: String, ensureASCII: Bool) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{8}": result += "\\b"
            case "\u{c}": result += "\\f"
            case _ where scalar.value < 0x20: result += "\\u" + hexadecimal(scalar.value, digits: 4)
            case _ where ensureASCII && scalar.value > 0x7e:
                for unit in String(scalar).utf16 { result += "\\u" + hexadecimal(UInt32(unit), digits: 4) }
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

/// The numbers below `count` in rising order; equal ones keep theirs. A merge sort, for its comparisons may throw.
func mergeSorted(
    _ count: Int, isLess: (Int, Int) throws(TemplateError) -> Bool
) throws(TemplateError) -> [Int] {
    var order = Array(0..<count)
    var width = 1
    while width < order.count {
        var merged: [Int] = []
        merged.reserveCapacity(order.count)
        for start in stride(from: 0, to: order.count, by: 2 * width) {
            var (left, right) = (start, min(start + width, order.count))
            let (leftEnd, rightEnd) = (right, min(start + 2 * width, order.count))
            while left < leftEnd || right < rightEnd {
                let takesRight: Bool
                if left < leftEnd && right < rightEnd {
                    takesRight = try isLess(order[right], order[left])
                } else {
                    takesRight = left == leftEnd
                }
                merged.append(order[takesRight ? right : left])
                if takesRight { right += 1 } else { left += 1 }
            }
        }
        order = merged
        width *= 2
    }
    return order
}

/// Whether a text comes before another in the order of scalars.
func precedes(_ left: String, _ right: String) -> Bool {
    // UTF-8 sorts as its scalars do.
    left.utf8.lexicographicallyPrecedes(right.utf8)
}
