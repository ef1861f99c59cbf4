/// An expression of a template.
struct Expression: Sendable {
    indirect enum Kind: Sendable {
        case literal(Value)
        case name(String)
        case list([Expression])
        case tuple([Expression])
        case mapping([(key: Expression, value: Expression)])
        case attribute(Expression, String)
        case item(Expression, Expression)
        case slice(Expression, start: Expression?, stop: Expression?, step: Expression?)
        case call(Expression, Arguments)
        case filter(Expression, String, Arguments)
        case test(Expression, String, Arguments)
        case not(Expression)
        case negative(Expression)
        case positive(Expression)
        case and(Expression, Expression)
        case or(Expression, Expression)
        case arithmetic(String, Expression, Expression)
        /// A chain as `a < b <= c`.
        case comparison(Expression, [(operation: String, operand: Expression)])
        case conditional(then: Expression, test: Expression, otherwise: Expression?)
    }

    struct Arguments: Sendable {
        var positional: [Expression] = []
        var named: [(name: String, value: Expression)] = []
        /// What `*` gives more of.
        var morePositional: Expression?
        /// What `**` gives more of.
        var moreNamed: Expression?
    }

    let kind: Kind
    let line: Int
    /// How deep the tree below is, this node included.
    let depth: Int
}

/// A statement of a template.
struct Statement: Sendable {
    indirect enum Kind: Sendable {
        case text(String)
        case output(Expression)
        case condition([(test: Expression, body: [Statement])], otherwise: [Statement])
        case loop(Loop)
        case set([Target], Expression)
        case setBlock(Target, [FilterCall], [Statement])
        case macro(Macro)
        /// A call of a macro with the block's body as what it calls back.
        case call(Macro, Expression)
        case with([(name: String, value: Expression)], [Statement])
        case filtered([FilterCall], [Statement])
        /// Statements that form no scope, as in `generation`.
        case group([Statement])
        case breakLoop
        case continueLoop
    }

    struct Loop: Sendable {
        let targets: [String]
        let sequence: Expression
        let condition: Expression?
        let body: [Statement]
        let otherwise: [Statement]
        /// Whether its body may call it anew, as `loop(...)`.
        let isRecursive: Bool
    }

    struct Macro: Sendable {
        let name: String
        let parameters: [(name: String, value: Expression?)]
        let body: [Statement]
        /// What its body uses of the names that a call fills by itself.
        let uses: Set<SpecialName>
    }

    /// A name that a macro knows besides its parameters, if its body uses it.
    enum SpecialName: String, Sendable {
        /// The body of the block that calls it.
        case caller
        /// The arguments beyond its parameters.
        case varargs
        /// The named ones.
        case kwargs
    }

    struct FilterCall: Sendable {
        let name: String
        let arguments: Expression.Arguments
    }

    enum Target: Sendable {
        case name(String)
        /// An attribute of a namespace.
        case attribute(String, String)
    }

    let kind: Kind
    let line: Int
}
