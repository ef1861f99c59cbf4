/// The automaton of a grammar: for each rule states with steps over bytes, calls of other rules and, where the rule may end, a return.
/// It has no empty steps; every state can still reach its rule's end.
struct Automaton: Sendable {
    struct Edge: Sendable {
        let low: UInt8
        let high: UInt8
        let target: UInt32
    }

    struct Call: Sendable {
        /// Where the called rule begins.
        let start: UInt32
        /// Where it goes on afterwards; `Automaton.none` for nowhere, as the rule ends there too.
        let back: UInt32
    }

    struct State: Sendable {
        var edges: Range<Int32>
        var calls: Range<Int32>
        /// Whether the rule may end here.
        var isFinal: Bool
        /// Of tokens that are plain characters (`TokenTrie.plain`), all of up to so many characters are allowed and no others, whatever is on
        /// the stack; `Int32.max` for all, -1 where that is not known.
        var plain: Int32
    }

    static let none = UInt32.max

    let states: [State]
    let edges: [Edge]
    let calls: [Call]
    /// Where the root rule begins.
    let start: UInt32
    /// For each byte its class: bytes of one class are in the same edges.
    let classes: [UInt8]
    /// A byte of each class.
    let representatives: [UInt8]
    /// Stacks of one text at most, counting those that only return.
    let threadLimit: Int

    func edges(of state: UInt32) -> ArraySlice<Edge> {
        let range = states[Int(state)].edges
        return edges[Int(range.lowerBound)..<Int(range.upperBound)]
    }

    func calls(of state: UInt32) -> ArraySlice<Call> {
        let range = states[Int(state)].calls
        return calls[Int(range.lowerBound)..<Int(range.upperBound)]
    }
}
