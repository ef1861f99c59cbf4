/// In what order a model's parts are read for their ids, which take a file's reading and hashing, while others are on their way already.
package enum IdentifyingRounds {
    /// Rounds of parts, each to be read at once; together all that devices need, each part once.
    ///
    /// What is known comes in the first one, with nothing to read. The others have a part of each device in turn, in the order in which the
    /// devices need them, so that all links have something to carry soon.
    ///
    /// - Parameters:
    ///   - needed: what each device needs, in order.
    ///   - known: the parts whose ids are known.
    ///   - size: parts that are read at a time.
    package static func rounds(
        of needed: [String: [ModelPart]], known: Set<ModelPart>, size: Int
    ) -> [[ModelPart]] {
        let lists = needed.sorted { $0.key < $1.key }.map(\.value)
        let longest = lists.map(\.count).max() ?? 0
        var seen: Set<ModelPart> = []
        let inTurn = (0..<longest).flatMap { place in
            lists.compactMap { $0.indices.contains(place) ? $0[place] : nil }
        }.filter { seen.insert($0).inserted }
        let unknown = inTurn.filter { !known.contains($0) }
        let first = inTurn.filter(known.contains)
        let rest = stride(from: 0, to: unknown.count, by: size).map {
            Array(unknown[$0..<min($0 + size, unknown.count)])
        }
        return (first.isEmpty ? [] : [first]) + rest
    }
}
