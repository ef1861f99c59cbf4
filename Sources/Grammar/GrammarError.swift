/// Why a grammar or a schema is refused.
package struct GrammarError: Error, Sendable, Hashable {
    /// The kinds of refusals.
    package enum Code: Sendable, Hashable {
        /// The text cannot be read.
        case syntax
        /// It asks for what is known and not supported.
        case unsupported
        /// It says something that cannot be: an undefined rule, left recursion, a schema that nothing satisfies.
        case contradiction
        /// It needs more states, stacks, steps or depth than there may be.
        case tooLarge
    }

    /// Where it stands.
    package enum Place: Sendable, Hashable {
        /// In a GBNF text, both counted from 1; the column in characters.
        case line(Int, column: Int)
        /// In a schema: a JSON pointer (RFC 6901), empty for all of it.
        case pointer(String)
        /// In no single place.
        case whole
    }

    /// The kind.
    package let code: Code
    /// The cause and the mend, without the place.
    package let message: String
    /// The place.
    package let place: Place

    package init(_ code: Code, _ message: String, at place: Place = .whole) {
        self.code = code
        self.message = message
        self.place = place
    }
}

extension GrammarError: CustomStringConvertible {
    /// The place, the cause and the mend.
    package var description: String {
        switch place {
        case .line(let line, let column): "line \(line), column \(column): \(message)"
        case .pointer(let pointer): "at \(pointer.isEmpty ? "the schema's top" : pointer): \(message)"
        case .whole: message
        }
    }
}
