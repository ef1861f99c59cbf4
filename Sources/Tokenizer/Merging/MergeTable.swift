/// The merges of byte-pair encoding: for two neighbouring tokens the one they become, and how early.
///
/// An open hash table, at most half full, over pairs of token ids.
struct MergeTable: MergeRule, Sendable {
    /// No pair of tokens has this key: ids are below 2^31.
    private static let free = UInt64.max

    private var keys: [UInt64]
    private var values: [UInt64]
    private let mask: Int
    /// Mixed into the hash, so that no file can be made to put all pairs into one slot.
    private let seed: UInt64

    /// An empty table with room for `capacity` merges.
    init(capacity: Int) {
        var size = 16
        while size < capacity * 2 { size *= 2 }
        keys = [UInt64](repeating: Self.free, count: size)
        values = [UInt64](repeating: 0, count: size)
        mask = size - 1
        seed = UInt64.random(in: .min ... .max)
    }

    /// Adds a merge; of two for the same pair the first stays.
    ///
    /// - Precondition: no more merges than the table was made for.
    mutating func insert(left: TokenID, right: TokenID, rank: UInt32, token: TokenID) {
        let key = UInt64(left) << 32 | UInt64(right)
        let slot = slot(of: key)
        guard keys[slot] == Self.free else { return }
        keys[slot] = key
        values[slot] = UInt64(rank) << 32 | UInt64(token)
    }

    /// The merge of two tokens, nil when they stay apart.
    func merge(_ left: TokenID, _ right: TokenID) -> Merge? {
        let slot = slot(of: UInt64(left) << 32 | UInt64(right))
        guard keys[slot] != Self.free else { return nil }
        return Merge(
            rank: UInt32(truncatingIfNeeded: values[slot] >> 32), token: TokenID(truncatingIfNeeded: values[slot]))
    }

    func merge(_ left: TokenID, _ right: TokenID, places: Range<Int>) -> Merge? { merge(left, right) }

    /// The slot that holds the key or that it would go to.
    private func slot(of key: UInt64) -> Int {
        let product = (key ^ seed).multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
        var slot = Int(truncatingIfNeeded: product.high ^ product.low) & mask
        while keys[slot] != key, keys[slot] != Self.free { slot = (slot + 1) & mask }
        return slot
    }
}
