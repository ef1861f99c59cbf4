import Tensors

/// Memory for a batch's choice of experts, and for its rows in the order of the experts: each choice of a row has a slot there.
///
/// Thread safety: none, but for rows and slots that each belong to one thread.
final class ExpertScratch {
    private let count: Int
    private let used: Int
    /// Scores of all experts `[rows, count]`.
    let scores: UnsafeMutablePointer<Float>
    /// The chosen experts `[rows, used]`, the best first, and their weights.
    let experts: UnsafeMutablePointer<Int>
    let weights: UnsafeMutablePointer<Float>
    /// Rows as the experts take them `[slots, width]`.
    let input: Activations
    /// `[slots, expert width]`
    let gates: UnsafeMutablePointer<Float>
    /// `[slots, expert width]`
    let ups: UnsafeMutablePointer<Float>
    /// `[slots, expert width]`
    let gated: Activations
    /// `[slots, width]`
    let results: UnsafeMutablePointer<Float>
    /// `[rows]`
    let sharedGates: UnsafeMutablePointer<Float>
    /// Where a choice's slot is `[rows, used]`, and whose it is.
    private(set) var slotOfChoice: [Int]
    private(set) var rowOfSlot: [Int]
    private(set) var expertOfSlot: [Int]
    /// Where the slots of each expert begin, and of the one after the last.
    private var begins: [Int]
    private var next: [Int]
    var products: [GroupedProduct] = []
    private let buffers: [AlignedBuffer]

    init(_ shape: ExpertsShape, width: Int, rows: Int) throws(TensorError) {
        count = shape.count
        used = shape.used
        let slots = rows * shape.used
        var buffers: [AlignedBuffer] = []
        func floats(_ count: Int) throws(TensorError) -> UnsafeMutablePointer<Float> {
            let buffer = try AlignedBuffer(floats: count)
            buffers.append(buffer)
            return buffer.floats
        }
        scores = try floats(rows * shape.count)
        weights = try floats(slots)
        let chosen = try AlignedBuffer(byteCount: slots * MemoryLayout<Int>.stride)
        buffers.append(chosen)
        experts = chosen.base.bindMemory(to: Int.self, capacity: slots)
        input = try Activations(rows: slots, columns: width)
        gates = try floats(slots * shape.width)
        ups = try floats(slots * shape.width)
        gated = try Activations(rows: slots, columns: shape.width)
        results = try floats(slots * width)
        sharedGates = try floats(rows)
        slotOfChoice = Array(repeating: 0, count: slots)
        rowOfSlot = slotOfChoice
        expertOfSlot = slotOfChoice
        begins = Array(repeating: 0, count: shape.count + 1)
        next = begins
        products.reserveCapacity(2 * shape.count)
        self.buffers = buffers
    }

    static func byteCount(_ shape: ExpertsShape, width: Int, rows: Int) -> Int {
        let slots = rows * shape.used
        return 4 * (rows * (shape.count + 1) + slots * (1 + 2 * shape.width + width)) + 32 * slots
            + Activations.byteCount(rows: slots, columns: width)
            + Activations.byteCount(rows: slots, columns: shape.width)
    }

    /// Gives every choice a slot: those of an expert follow each other, in the order of the rows.
    func group(rows: Int) {
        for expert in begins.indices { begins[expert] = 0 }
        let choices = rows * used
        for choice in 0..<choices { begins[experts[choice] + 1] += 1 }
        for expert in 0..<count { begins[expert + 1] += begins[expert] }
        for expert in begins.indices { next[expert] = begins[expert] }
        for choice in 0..<choices {
            let expert = experts[choice], slot = next[expert]
            next[expert] += 1
            slotOfChoice[choice] = slot
            rowOfSlot[slot] = choice / used
            expertOfSlot[slot] = expert
        }
    }

    /// Calls `body` with every expert that a row chose, and its slots.
    func forEachExpert(_ body: (Int, Range<Int>) -> Void) {
        for expert in 0..<count where begins[expert] < begins[expert + 1] {
            body(expert, begins[expert]..<begins[expert + 1])
        }
    }
}
