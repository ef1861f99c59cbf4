/// Why a chat template cannot be read or rendered.
package struct TemplateError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of fault.
    package enum Code: Sendable, Hashable {
        /// The template's text is not what the evaluator understands.
        case syntax
        /// The template itself refused the messages (`raise_exception`).
        case raised
        /// A value is missing where one is needed.
        case undefined
        /// A value is of a kind that the operation does not take.
        case type
        /// A filter, test, method or function that the evaluator does not have.
        case unsupported
        /// The template nests, computes or writes more than is allowed.
        case limit
        /// The caller let the rendering go on no longer.
        case stopped
    }

    /// The kind of fault.
    package let code: Code
    /// The template's line, counted from 1.
    package let line: Int
    /// The cause.
    package let message: String

    /// Describes a fault.
    package init(code: Code, line: Int, message: String) {
        self.code = code
        self.line = line
        self.message = message
    }

    /// What was raised as it is; everything else with the template's line.
    package var description: String {
        code == .raised
            ? "the chat template refuses the messages: \(message)" : "chat template, line \(line): \(message)"
    }
}

/// What one rendering may use up, so that a hostile template neither hangs nor exhausts memory.
package struct TemplateLimits: Sendable, Hashable {
    /// Work: nodes, loop turns, elements, and bytes by what is done to them (`WorkAccount`).
    package var steps = 1_000_000
    /// Bytes of the output, and of every text on the way.
    package var outputBytes = 16 << 20
    /// Elements of every list.
    package var listElements = 1 << 20
    /// Nested evaluations, macro calls included.
    package var depth = 160

    /// The defaults: far beyond any real template.
    package init() {}
}

/// How deep blocks, expressions and values may nest.
enum NestingLimit {
    static let expression = 100
    static let block = 40
    static let value = 100
}
