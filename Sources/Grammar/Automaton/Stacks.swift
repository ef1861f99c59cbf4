/// Stacks of states to return to. Equal stacks are one number, so that comparing costs nothing and memory is for what differs.
struct Stacks: Sendable {
    /// The stack without frames.
    static let bottom: Int32 = -1

    private struct Frame: Sendable {
        let back: UInt32
        let below: Int32
        let height: Int32
    }

    private var frames: [Frame] = []
    private var numbers: [UInt64: Int32] = [:]

    var count: Int { frames.count }

    /// The stack with one more frame.
    mutating func push(_ back: UInt32, on below: Int32) -> Int32 {
        let key = UInt64(back) << 32 | UInt64(UInt32(bitPattern: below))
        if let known = numbers[key] { return known }
        let number = Int32(frames.count)
        frames.append(Frame(back: back, below: below, height: height(of: below) + 1))
        numbers[key] = number
        return number
    }

    /// A stack's last frame and what is below.
    func top(of stack: Int32) -> (back: UInt32, below: Int32) {
        (frames[Int(stack)].back, frames[Int(stack)].below)
    }

    func height(of stack: Int32) -> Int32 { stack < 0 ? 0 : frames[Int(stack)].height }

    /// Keeps no more than what threads need, whose numbers change.
    mutating func compact(for threads: inout Threads) {
        let old = self
        self = Stacks()
        var moved: [Int32: Int32] = [Self.bottom: Self.bottom]
        threads.items = threads.items.map { item in
            var path: [Int32] = []
            var stack = Threads.stack(of: item)
            while moved[stack] == nil {
                path.append(stack)
                stack = old.top(of: stack).below
            }
            for number in path.reversed() {
                let (back, below) = old.top(of: number)
                moved[number] = push(back, on: moved[below]!)
            }
            return Threads.item(Threads.state(of: item), moved[Threads.stack(of: item)]!)
        }.sorted()
    }
}

/// What a text may go on with: states with their stacks, each as `state << 32 | stack`, ascending.
struct Threads: Sendable, Hashable {
    var items: [UInt64] = []
    /// Whether all that was begun may end here.
    var reachesBottom = false
    /// Whether there were too many, so that some are missing.
    var isCut = false

    static func item(_ state: UInt32, _ stack: Int32) -> UInt64 {
        UInt64(state) << 32 | UInt64(UInt32(bitPattern: stack))
    }

    static func state(of item: UInt64) -> UInt32 { UInt32(item >> 32) }

    static func stack(of item: UInt64) -> Int32 { Int32(bitPattern: UInt32(truncatingIfNeeded: item)) }
}

extension Automaton {
    /// Where a text begins.
    var beginning: UInt64 { Threads.item(start, Stacks.bottom) }

    /// Follows calls and returns until each thread needs a byte.
    func settle(_ entries: [UInt64], in stacks: inout Stacks) -> Threads {
        var threads = Threads()
        if entries.isEmpty { return threads }
        var seen = Set(entries)
        var work = Array(seen)
        func add(_ item: UInt64) { if seen.insert(item).inserted { work.append(item) } }
        while let item = work.popLast() {
            guard seen.count <= threadLimit else {
                threads.isCut = true
                break
            }
            let (number, stack) = (Threads.state(of: item), Threads.stack(of: item))
            let state = states[Int(number)]
            if !state.edges.isEmpty { threads.items.append(item) }
            for call in calls(of: number) {
                add(Threads.item(call.start, call.back == Self.none ? stack : stacks.push(call.back, on: stack)))
            }
            if state.isFinal {
                if stack == Stacks.bottom {
                    threads.reachesBottom = true
                } else {
                    let (back, below) = stacks.top(of: stack)
                    add(Threads.item(back, below))
                }
            }
        }
        threads.items.sort()
        return threads
    }

    /// The threads after one more byte.
    func step(_ threads: Threads, _ byte: UInt8, in stacks: inout Stacks) -> Threads {
        var entries: [UInt64] = []
        for item in threads.items {
            for edge in edges(of: Threads.state(of: item)) where edge.low <= byte && byte <= edge.high {
                entries.append(Threads.item(edge.target, Threads.stack(of: item)))
            }
        }
        return settle(entries, in: &stacks)
    }
}
