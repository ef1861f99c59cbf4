extension Parser {
    /// Arguments after `(`, with the closing one.
    mutating func arguments() throws(TemplateError) -> Expression.Arguments {
        var arguments = Expression.Arguments()
        var isFirst = true
        while !takeSymbol(")") {
            if !isFirst { try expectSymbol(",") }
            if takeSymbol(")") { break }
            isFirst = false
            if arguments.moreNamed != nil { throw error("an argument follows the one after '**'") }
            if takeSymbol("**") {
                arguments.moreNamed = try expression()
                continue
            }
            if takeSymbol("*") {
                guard arguments.morePositional == nil else { throw error("arguments have one '*' at most") }
                arguments.morePositional = try expression()
                continue
            }
            let value = try expression()
            if case .name(let name) = value.kind, takeSymbol("=") {
                arguments.named.append((name, try expression()))
            } else if arguments.named.isEmpty, arguments.morePositional == nil {
                arguments.positional.append(value)
            } else {
                throw error("an argument without a name follows one with a name")
            }
        }
        return arguments
    }
}

extension Expression.Arguments {
    /// All expressions, for their depth.
    var all: [Expression] {
        positional + named.map(\.value) + [morePositional, moreNamed].compactMap { $0 }
    }
}
