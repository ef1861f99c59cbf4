/// What a rule stands for.
indirect enum Expression: Sendable, Hashable {
    /// These bytes.
    case bytes([UInt8])
    /// One character of a set, in UTF-8.
    case characters(ScalarSet)
    /// One after the other; of none, the empty text.
    case sequence([Expression])
    /// Any one; of none, nothing at all.
    case choice([Expression])
    /// The same several times; `most` is nil for no end.
    case repetition(Expression, least: Int, most: Int?)
    /// Another rule, by its number.
    case rule(Int)
    /// A JSON string with its quotes, of so many characters. Apart from the others because vocabularies know which of their tokens it takes.
    case string(least: Int, most: Int?)

    /// The empty text.
    static let empty = Expression.sequence([])
    /// No text.
    static let never = Expression.choice([])

    /// A text's bytes.
    static func text(_ text: String) -> Expression { .bytes(Array(text.utf8)) }

    /// Nothing or this.
    static func optional(_ expression: Expression) -> Expression { .repetition(expression, least: 0, most: 1) }
}
