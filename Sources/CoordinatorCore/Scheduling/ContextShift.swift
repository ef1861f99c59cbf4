package import Tokenizer

/// What is dropped of a sequence that has filled its context, so that it can go on.
///
/// Keys in a cache carry the position that they were computed for, so the tokens that move forward are computed again: exact, at the
/// cost of a prompt of about half the context each time. The first tokens stay where they are.
package struct ContextShift: Sendable, Hashable {
    /// First tokens that are never dropped.
    package var keep: Int

    package init(keep: Int = 0) {
        precondition(keep >= 0, "keep \(keep)")
        self.keep = keep
    }

    /// The first tokens, and the newer half of the rest; at most half a context is kept in the first.
    package func shifted(_ tokens: [TokenID], context: Int) -> [TokenID] {
        let kept = min(keep, context / 2, tokens.count)
        let rest = tokens.count - kept
        return Array(tokens[..<kept] + tokens.suffix(rest / 2))
    }

    /// Shortens a prompt until something can be generated after it.
    package func fitting(_ prompt: [TokenID], context: Int) -> [TokenID] {
        var tokens = prompt
        while tokens.count >= max(context, 2) { tokens = shifted(tokens, context: context) }
        return tokens
    }
}
