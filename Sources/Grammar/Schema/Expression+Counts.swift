extension Expression {
    /// How many characters a string's text has that is written so: literals stand for one character each. Nil where that is not known.
    var characterCounts: (least: Int, most: Int?)? {
        switch self {
        case .characters, .bytes: return (1, 1)
        case .rule, .string: return nil
        case .sequence(let parts):
            var (least, most): (Int, Int?) = (0, 0)
            for part in parts {
                guard let counts = part.characterCounts else { return nil }
                least += counts.least
                if let sum = most, let more = counts.most { most = sum + more } else { most = nil }
            }
            return (least, most)
        case .choice(let parts):
            var result: (least: Int, most: Int?)?
            // Escapes of one character, such as \", are written as one literal.
            for part in parts {
                guard let counts = part.characterCounts else { return nil }
                guard let known = result else {
                    result = counts
                    continue
                }
                var most: Int?
                if let one = known.most, let other = counts.most { most = max(one, other) }
                result = (min(known.least, counts.least), most)
            }
            return result
        case .repetition(let part, let least, let most):
            guard let counts = part.characterCounts else { return nil }
            let (low, lowOverflows) = counts.least.multipliedReportingOverflow(by: least)
            guard !lowOverflows else { return nil }
            guard let most, let each = counts.most else { return (low, counts.most == 0 ? 0 : nil) }
            let (high, overflows) = each.multipliedReportingOverflow(by: most)
            return overflows ? nil : (low, high)
        }
    }
}
