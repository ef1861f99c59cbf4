/// The threads of a grammar below which the stack is not known, numbered, with their steps: a deterministic automaton that is made as it is
/// used. Where threads reach the bottom, what is below decides.
struct ThreadTable {
    /// What allows nothing more.
    static let dead: Int32 = 0

    private let automaton: Automaton
    private var stacks = Stacks()
    private var threads: [Threads] = [Threads()]
    private var numbers: [Threads: Int32] = [Threads(): dead]
    /// For each number and class of bytes the next number; -1 where it is not known yet.
    private var steps: [Int32]
    private let width: Int
    private var settledNumbers: [UInt32: Int32] = [:]

    init(_ automaton: Automaton) {
        self.automaton = automaton
        width = automaton.representatives.count
        steps = [Int32](repeating: Self.dead, count: width)
    }

    var count: Int { threads.count }

    /// The number of one state as it stands, its calls not followed.
    mutating func number(of state: UInt32) -> Int32 {
        number(Threads(items: [Threads.item(state, Stacks.bottom)]))
    }

    /// The number of a state with what it calls, and whether its rule may end at once.
    mutating func settled(_ state: UInt32) throws(GrammarError) -> Int32 {
        if let known = settledNumbers[state] { return known }
        let number = number(try checked(automaton.settle([Threads.item(state, Stacks.bottom)], in: &stacks)))
        settledNumbers[state] = number
        return number
    }

    func reachesBottom(_ number: Int32) -> Bool { threads[Int(number)].reachesBottom }

    func goesOn(_ number: Int32) -> Bool { !threads[Int(number)].items.isEmpty }

    /// The number after a byte.
    @inline(__always)
    mutating func step(_ number: Int32, _ byte: UInt8) throws(GrammarError) -> Int32 {
        let place = Int(number) * width + Int(automaton.classes[Int(byte)])
        let known = steps[place]
        return known >= 0 ? known : try make(number, byte, place)
    }

    private mutating func make(_ number: Int32, _ byte: UInt8, _ place: Int) throws(GrammarError) -> Int32 {
        let next = self.number(try checked(automaton.step(threads[Int(number)], byte, in: &stacks)))
        steps[place] = next
        return next
    }

    private mutating func number(_ threads: Threads) -> Int32 {
        if let known = numbers[threads] { return known }
        let number = Int32(self.threads.count)
        numbers[threads] = number
        self.threads.append(threads)
        steps += [Int32](repeating: -1, count: width)
        return number
    }

    private func checked(_ threads: Threads) throws(GrammarError) -> Threads {
        guard !threads.isCut, self.threads.count < 1 << 16 else {
            throw GrammarError(.tooLarge, "the grammar is too ambiguous: there are too many ways to read a token")
        }
        return threads
    }
}
