/// The filters that make lists of lists.
extension Evaluator {
    /// `groupby`: tuples of a key and the elements that have it, the keys in rising order.
    mutating func grouped(_ value: Value, _ arguments: CallArguments, _ line: Int) throws(TemplateError) -> Value {
        guard let attribute = arguments.value(0, "attribute") else {
            throw TemplateError(code: .type, line: line, message: "'groupby' needs an attribute")
        }
        let items = try elements(of: value, line)
        let path = try path(attribute, line)
        let fallback = arguments.value(1, "default")
        try chargeElements(items.count, line)
        var keys: [Value] = []
        for item in items {
            try charge(1, line)
            keys.append(try part(at: path, of: item, fallback: fallback, line))
        }
        let compared = arguments.value(2, "case_sensitive")?.isTrue ?? false ? keys : try folded(keys, line)
        let order = try sortedOrder(compared, foldsCase: false, reverse: false, line)
        // Each is in a list of its group; and at most as many groups, each a list and a tuple.
        try charge(12 * items.count, line)
        var groups: [Value] = []
        var start = 0
        while start < order.count {
            var end = start + 1
            while end < order.count, try equal(compared[order[start]], compared[order[end]], line) { end += 1 }
            groups.append(
                .list(
                    ValueList([keys[order[start]], .array(order[start..<end].map { items[$0] })], kind: .group)))
            start = end
        }
        return try checked(.array(groups), line)
    }

    /// `batch`: lists of so many elements, the last filled up where that is asked for.
    func batches(_ value: Value, _ arguments: CallArguments, _ line: Int) throws(TemplateError) -> Value {
        let count = try positive(arguments.value(0, "linecount"), "batch", line)
        let items = try elements(of: value, line)
        let fill = arguments.value(1, "fill_with") ?? .null
        try chargeElements(items.count + 2 * (items.count / count + 1), line)
        var result: [Value] = []
        for start in stride(from: 0, to: items.count, by: count) {
            var batch = Array(items[start..<min(items.count, start + min(count, items.count))])
            if !fill.isNull, batch.count < count {
                try chargeElements(count - batch.count, line)
                batch += Array(repeating: fill, count: count - batch.count)
            }
            result.append(.array(batch))
        }
        return try checked(.array(result), line)
    }

    /// `slice`: so many lists of nearly the same length, the shorter ones filled up where that is asked for.
    func slices(_ value: Value, _ arguments: CallArguments, _ line: Int) throws(TemplateError) -> Value {
        let count = try positive(arguments.value(0, "slices"), "slice", line)
        let items = try elements(of: value, line)
        let fill = arguments.value(1, "fill_with") ?? .null
        let (sum, overflow) = count.multipliedReportingOverflow(by: 2)
        try chargeElements(overflow ? .max : sum, line)
        try chargeElements(items.count, line)
        let (length, longer) = items.count.quotientAndRemainder(dividingBy: count)
        var result: [Value] = []
        var start = 0
        for index in 0..<count {
            let end = start + length + (index < longer ? 1 : 0)
            var slice = Array(items[start..<end])
            if !fill.isNull, index >= longer { slice.append(fill) }
            result.append(.array(slice))
            start = end
        }
        return try checked(.array(result), line)
    }

    private func positive(_ value: Value?, _ name: String, _ line: Int) throws(TemplateError) -> Int {
        guard let count = value?.asInteger, count > 0 else {
            throw TemplateError(code: .type, line: line, message: "'\(name)' takes a number of at least 1")
        }
        return count
    }
}
