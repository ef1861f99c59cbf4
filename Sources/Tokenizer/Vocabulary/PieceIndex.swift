/// Finds the tokens that a text begins with: their texts in order, which are narrowed byte by byte.
struct PieceIndex: Sendable {
    /// Bytes of the longest text that is found; real ones have some 50. A place in a text costs no more steps than that.
    static let longestText = 256

    /// All texts, one after the other, in ascending order.
    private var texts: [UInt8] = []
    /// Where each text begins in `texts`, and at the end where the last one ends.
    private var offsets: [Int] = [0]
    private var tokens: [TokenID] = []
    /// For each first byte where its texts begin, and at the end how many texts there are.
    private var firstBytes: [Int] = []

    /// An index of tokens; of equal texts it finds the first. Empty and overlong texts are left out.
    init(_ pieces: [(text: ArraySlice<UInt8>, token: TokenID)]) {
        let sorted = pieces.filter { !$0.text.isEmpty && $0.text.count <= Self.longestText }.sorted { left, right in
            if left.text.lexicographicallyPrecedes(right.text) { return true }
            return left.text.elementsEqual(right.text) && left.token < right.token
        }
        for piece in sorted {
            if let last = offsets.dropLast().last, texts[last...].elementsEqual(piece.text) { continue }
            texts += piece.text
            offsets.append(texts.count)
            tokens.append(piece.token)
        }
        var place = 0
        for byte in 0...256 {
            while place < tokens.count, Int(texts[offsets[place]]) < byte { place += 1 }
            firstBytes.append(place)
        }
    }

    /// Calls `body` with every token that the text begins with at a place, shorter ones first.
    func forEachPrefix(of text: UnsafeBufferPointer<UInt8>, at start: Int, _ body: (TokenID, _ count: Int) -> Void) {
        guard start < text.count else { return }
        let first = Int(text[start])
        var (low, high) = (firstBytes[first], firstBytes[first + 1])
        var depth = 1
        while low < high {
            // Of texts with a common beginning the one that is no longer comes first.
            if count(low) == depth {
                body(tokens[low], depth)
                low += 1
            }
            guard low < high, start + depth < text.count else { return }
            let byte = text[start + depth]
            (low, high) = narrow(low, high, depth, byte)
            depth += 1
        }
    }

    /// The longest token that the text begins with at a place.
    func longestPrefix(of text: UnsafeBufferPointer<UInt8>, at start: Int) -> (token: TokenID, count: Int)? {
        var longest: (token: TokenID, count: Int)?
        forEachPrefix(of: text, at: start) { longest = ($0, $1) }
        return longest
    }

    private func count(_ place: Int) -> Int { offsets[place + 1] - offsets[place] }

    /// The places in a range whose texts, all longer than `depth`, have a byte there.
    private func narrow(_ low: Int, _ high: Int, _ depth: Int, _ byte: UInt8) -> (Int, Int) {
        func firstPlace(from low: Int, _ isBefore: (UInt8) -> Bool) -> Int {
            var (low, end) = (low, high)
            while low < end {
                let middle = (low + end) / 2
                if isBefore(texts[offsets[middle] + depth]) { low = middle + 1 } else { end = middle }
            }
            return low
        }
        let first = firstPlace(from: low) { $0 < byte }
        guard first < high, texts[offsets[first] + depth] == byte else { return (first, first) }
        return (first, firstPlace(from: first) { $0 <= byte })
    }
}
