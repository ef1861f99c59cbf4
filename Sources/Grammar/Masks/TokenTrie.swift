/// The tokens of a vocabulary by their bytes: one trie of tokens that are plain characters, and one of all others, both in one list of nodes,
/// each before its children.
struct TokenTrie: Sendable {
    /// Each node's byte.
    private(set) var bytes: [UInt8] = []
    /// How many bytes lead to it, itself too.
    private(set) var depths: [UInt16] = []
    /// The first node that is not below it.
    private(set) var nexts: [Int32] = []
    /// Where its tokens begin in `tokens`; one more at the end.
    private(set) var firstTokens: [Int32] = []
    /// Tokens by node.
    private(set) var tokens: [UInt32] = []
    /// The nodes of tokens that are whole characters which stand for themselves in a JSON string.
    let plain: Range<Int32>
    /// The nodes of all others.
    let other: Range<Int32>
    /// The greatest depth.
    let depth: Int

    /// - Parameters:
    ///   - plain: tokens with their bytes, in order of these.
    ///   - other: likewise.
    init(plain: [(bytes: [UInt8], token: UInt32)], other: [(bytes: [UInt8], token: UInt32)]) {
        var maker = Maker()
        maker.add(plain)
        let border = Int32(maker.bytes.count)
        maker.add(other)
        bytes = maker.bytes
        depths = maker.depths
        nexts = maker.nexts
        firstTokens = maker.firstTokens + [Int32(maker.tokens.count)]
        tokens = maker.tokens
        self.plain = 0..<border
        self.other = border..<Int32(maker.bytes.count)
        depth = Int(maker.depths.max() ?? 0)
    }

    private struct Maker {
        var bytes: [UInt8] = []
        var depths: [UInt16] = []
        var nexts: [Int32] = []
        var firstTokens: [Int32] = []
        var tokens: [UInt32] = []

        mutating func add(_ sorted: [(bytes: [UInt8], token: UInt32)]) {
            // The nodes of the last token's bytes.
            var path: [Int] = []
            var last: [UInt8] = []
            for (text, token) in sorted {
                var shared = 0
                while shared < min(last.count, text.count), last[shared] == text[shared] { shared += 1 }
                while path.count > shared { nexts[path.removeLast()] = Int32(bytes.count) }
                for index in shared..<text.count {
                    path.append(bytes.count)
                    bytes.append(text[index])
                    depths.append(UInt16(index + 1))
                    nexts.append(0)
                    firstTokens.append(Int32(tokens.count))
                }
                tokens.append(token)
                last = text
            }
            for node in path { nexts[node] = Int32(bytes.count) }
        }
    }
}
