/// What a grammar may take: it comes from a client.
package struct GrammarLimits: Sendable, Hashable {
    /// Bytes of a GBNF text, or of a schema written compactly.
    package var sourceBytes = 1 << 18
    /// States of the automaton; each takes some 40 bytes, and more while it is made.
    package var states = 1 << 17
    /// Times that something is repeated, such as `maxItems`, `maxLength` or `{m,n}`.
    package var repetitions = 1 << 16
    /// Levels of groups and schemas within each other.
    package var depth = 64
    /// Schemas that are merged or compiled, counting each time that a reference or an alternative repeats one.
    package var schemas = 1 << 14
    /// Stacks that a text may have at a time: how many ways there are to read what is there so far.
    package var stacks = 1 << 12
    /// Frames of one stack: how deep a text may nest.
    package var frames = 1 << 12
    /// Nodes of the vocabulary's trie that one mask may visit.
    package var maskSteps = 1 << 23
    /// Bytes of what is remembered from mask to mask for one grammar.
    package var cacheBytes = 8 << 20

    package init() {}
}
