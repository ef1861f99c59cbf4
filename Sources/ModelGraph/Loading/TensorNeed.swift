import GGUF

/// Names within a layer.
typealias Names = TensorNames.Layer

/// A tensor that a part of a model reads, and what becomes of it.
struct TensorNeed: Sendable, Hashable {
    /// The name in the file.
    var name: String
    /// Its shape in ggml's order: columns first.
    var dimensions: [Int]
    /// Whether a file may lack it.
    var isOptional = false
    /// Runs of rows that become matrices, one each; none for what is no matrix.
    var matrices: [Range<Int>] = []
    /// Whether its matrices are experts, of which a row takes some.
    var isExperts = false

    var columns: Int { dimensions[0] }

    /// Whether two shapes are the same: extents of 1 at the end mean nothing.
    static func areEqual(_ one: [Int], _ other: [Int]) -> Bool {
        func meaningful(_ dimensions: [Int]) -> ArraySlice<Int> {
            dimensions[...((dimensions.lastIndex { $0 != 1 }) ?? dimensions.startIndex)]
        }
        return meaningful(one) == meaningful(other)
    }
}

/// Lists the tensors of a part, as far as a file has them: where there are two ways to store something, the file decides.
struct TensorList {
    /// What names begin with, such as "blk.3.".
    let prefix: String
    /// Whether the file has a tensor, by its whole name.
    let has: (String) -> Bool
    private(set) var needs: [TensorNeed] = []

    init(prefix: String, has: @escaping (String) -> Bool) {
        self.prefix = prefix
        self.has = has
    }

    func contains(_ name: String) -> Bool { has(prefix + name) }

    mutating func add(_ need: TensorNeed) { needs.append(need) }

    mutating func vector(_ name: String, _ count: Int..., isOptional: Bool = false) {
        needs.append(TensorNeed(name: prefix + name, dimensions: count, isOptional: isOptional))
    }

    /// A matrix with this name and ".weight", and a bias that a file may lack.
    mutating func matrix(_ name: String, rows: Int, columns: Int) {
        needs.append(
            TensorNeed(name: prefix + name + ".weight", dimensions: [columns, rows], matrices: [0..<rows]))
        vector(name + ".bias", rows, isOptional: true)
    }

    /// One matrix whose runs of rows are matrices of their own, and a bias that a file may lack.
    mutating func joined(_ name: String, rows: [Int], columns: Int) {
        var begin = 0
        let runs = rows.map { count -> Range<Int> in
            defer { begin += count }
            return begin..<begin + count
        }
        needs.append(TensorNeed(name: prefix + name + ".weight", dimensions: [columns, begin], matrices: runs))
        vector(name + ".bias", begin, isOptional: true)
    }

    /// So many matrices of equal shape in one tensor, of which a row takes some; `matricesEach` behind each other are one expert's.
    mutating func experts(_ name: String, count: Int, rows: Int, columns: Int, matricesEach: Int = 1) {
        stack(name, count: count, rows: rows, columns: columns, matricesEach: matricesEach, isExperts: true)
    }

    /// So many matrices of equal shape in one tensor.
    mutating func stack(
        _ name: String, count: Int, rows: Int, columns: Int, matricesEach: Int = 1, isExperts: Bool = false
    ) {
        needs.append(
            TensorNeed(
                name: prefix + name + ".weight", dimensions: [columns, rows * matricesEach, count],
                matrices: (0..<count * matricesEach).map { $0 * rows..<($0 + 1) * rows }, isExperts: isExperts))
        vector(name + ".bias", rows * matricesEach, count, isOptional: true)
    }

    mutating func norm(_ name: String, _ shape: NormShape, _ count: Int...) {
        needs.append(TensorNeed(name: prefix + name + ".weight", dimensions: count))
        if shape.kind == .layer {
            needs.append(TensorNeed(name: prefix + name + ".bias", dimensions: count, isOptional: true))
        }
    }
}
