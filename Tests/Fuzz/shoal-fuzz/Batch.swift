import FuzzRuntime
import Fuzzing
import Glibc

/// The child's part: runs inputs one after the other, and ends at the first that takes too much memory.
struct Batch {
    let format: any FuzzFormat
    let record: Record
    /// Messages after which it is enough, of formats that count them.
    var mostMessages = Int.max

    func run(_ inputs: Range<Int>, seed: UInt64) {
        let mutator = Mutator(format, seed: seed)
        for index in inputs {
            let input = mutator.input(index)
            record.index = index
            guard run(input) else { exit(3) }
            if record.messages >= mostMessages { return record.index = index + 1 }
        }
        record.index = inputs.upperBound
    }

    /// Whether the input kept within the memory that it may take.
    func run(_ input: [UInt8]) -> Bool {
        let before = format.messages
        fuzz_memory_mark()
        let outcome = format.run(input)
        record.messages += format.messages - before
        let extra = Int(fuzz_memory_highest()) - 2 * input.count
        switch outcome {
        case .accepted: record.accepted += 1
        case .refused: record.refused += 1
        }
        record.highestBytes = max(record.highestBytes, extra)
        if extra > type(of: format).allowedBytes {
            record.tooManyBytes = extra + 2 * input.count
            return false
        }
        return true
    }
}
