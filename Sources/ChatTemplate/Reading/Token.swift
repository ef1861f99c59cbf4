/// A piece of a template with its line.
struct Token: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        /// Text outside of tags, as it is printed.
        case text(String)
        /// `{{` and `}}`.
        case outputBegin
        case outputEnd
        /// `{%` and `%}`.
        case blockBegin
        case blockEnd
        case name(String)
        case string(String)
        case integer(Int)
        case float(Double)
        case symbol(String)
        case end
    }

    let kind: Kind
    let line: Int
}
