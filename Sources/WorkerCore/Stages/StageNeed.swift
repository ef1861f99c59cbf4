/// The memory that a stage takes when its caches are full: what a coordinator plans with, and what is held against the device's budget
/// when it is loaded. A pure value; sums that overflow are `Int.max`.
package struct StageNeed: Sendable, Hashable {
    /// Bytes of its weights.
    package var weights: Int
    /// Bytes of its caches for all positions that it was asked for.
    package var keyValues: Int
    /// Bytes of its buffers; stages compute one after the other, but each has its own.
    package var scratch: Int

    package init(weights: Int, keyValues: Int, scratch: Int) {
        self.weights = weights
        self.keyValues = keyValues
        self.scratch = scratch
    }

    package var bytes: Int { saturatingSum(saturatingSum(weights, keyValues), scratch) }

    /// Bytes that several take. The buffers count once, those of the one that has most: so plans count them.
    package static func bytes(of needs: [StageNeed]) -> Int {
        needs.reduce(needs.map(\.scratch).max() ?? 0) {
            saturatingSum($0, saturatingSum($1.weights, $1.keyValues))
        }
    }
}
