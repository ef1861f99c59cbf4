/// A language of texts that an answer must belong to.
///
/// The way of a grammar:
///
/// 1. `Grammar(gbnf:)` or `Grammar(schema:)` reads it into rules: expressions over characters that may call each other.
/// 2. `Automaton` has one nondeterministic automaton over bytes for each rule, without empty steps. A call pushes the state to return to;
///    a call at a rule's end pushes nothing, so that right recursion (lists, digits, properties in order) costs no stack. Characters
///    are UTF-8 byte ranges, so a text may end within a character.
/// 3. A text's state is a set of stacks: `GrammarMatcher` reads bytes. Frames are shared: equal stacks are one number.
/// 4. `MaskTables` finds the tokens that may come next. For each automaton state it walks the vocabulary's trie once, not knowing the
///    stack below: that gives tokens which are allowed whatever is below, and the places in the trie where the rule is left; only
///    from there it goes on for the stack at hand. Within JSON strings nearly all tokens are known at once, by how many characters they have.
///
/// Nothing here does I/O or reads a clock; everything that a client's text can make large has a limit (`GrammarLimits`).
package struct Grammar: Sendable {
    /// A rule: a name for messages and what it stands for.
    struct Rule: Sendable {
        var name: String
        var body: Expression
    }

    let rules: [Rule]
    /// The rule that whole texts belong to.
    let root: Int

    init(rules: [Rule], root: Int) {
        self.rules = rules
        self.root = root
    }
}
