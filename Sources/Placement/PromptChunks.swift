/// How a prompt is cut into steps that flow behind each other through the stages. The scheduler cuts so, and predictions reckon with it.
package enum PromptChunks {
    /// Rows below which a prompt is not cut: smaller products do not use the vector units well.
    package static let least = 8

    /// Rows of the next step: where `p` rows are to pass `d` stages in chunks of `c`, that takes
    /// `(d - 1 + p / c) * (fixed + perRow * c)`, which is least at `c = sqrt(p * fixed / (perRow * (d - 1)))`.
    ///
    /// - Parameters:
    ///   - pending: rows that are still to go.
    ///   - fixed: what a step takes of the slowest stage whatever its rows are, in any unit of time.
    ///   - perRow: what each row adds.
    ///   - depth: stages that work at a time; below about one there is nothing to gain from cutting.
    ///   - most: rows of one step at most.
    package static func rows(pending: Int, fixed: Double, perRow: Double, depth: Double, most: Int) -> Int {
        guard depth > 1.25, perRow > 0 else { return most }
        let best = (Double(pending) * fixed / (perRow * (depth - 1))).squareRoot()
        let rows = Int(min(best, 1e6))
        return min(max((rows + 7) / 8 * 8, least), most)
    }
}
