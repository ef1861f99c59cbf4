/// Least squares for a few coefficients `x` such that `row · x` is near 1 for each row added.
struct NormalEquations {
    private let count: Int
    private var matrix: [[Double]]
    private var right: [Double]

    init(count: Int) {
        self.count = count
        matrix = Array(repeating: Array(repeating: 0, count: count), count: count)
        right = Array(repeating: 0, count: count)
    }

    mutating func add(_ row: [Double], weight: Double) {
        for i in 0..<count {
            for j in 0..<count { matrix[i][j] += weight * weight * row[i] * row[j] }
            right[i] += weight * weight * row[i]
        }
    }

    /// A good solution without negative coefficients: the least squares, again without those that came out negative until none does.
    func solveNonNegative() -> [Double] {
        var used = Array(0..<count)
        while !used.isEmpty, let x = solve(used) {
            if x.allSatisfy({ $0 >= 0 }) { return x }
            used.removeAll { x[$0] < 0 }
        }
        return Array(repeating: 0, count: count)
    }

    /// Gauss's elimination on some of the equations; the matrix is positive definite.
    private func solve(_ used: [Int]) -> [Double]? {
        var rows = used.map { i in used.map { matrix[i][$0] } + [right[i]] }
        for pivot in rows.indices {
            guard rows[pivot][pivot] > 0 else { return nil }
            for other in rows.indices where other != pivot {
                let factor = rows[other][pivot] / rows[pivot][pivot]
                for column in pivot...used.count { rows[other][column] -= factor * rows[pivot][column] }
            }
        }
        var x = Array(repeating: 0.0, count: count)
        for (index, variable) in used.enumerated() { x[variable] = rows[index][used.count] / rows[index][index] }
        return x
    }
}
