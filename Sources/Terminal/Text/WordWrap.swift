/// Breaking of texts into lines at spaces. A number and its unit stay together.
package enum WordWrap {
    /// The lines of a text of one line.
    ///
    /// - Parameter columns: of a line at most; a word that is longer, such as a path, stays whole.
    package static func lines(of text: some StringProtocol, columns: Int) -> [String] {
        var lines: [String] = []
        var width = 0
        for word in words(of: text) {
            let wordWidth = word.displayWidth
            if let last = lines.indices.last, width + 1 + wordWidth <= columns {
                lines[last] += " \(word)"
                width += 1 + wordWidth
            } else {
                lines.append(word)
                width = wordWidth
            }
        }
        return lines.isEmpty ? [""] : lines
    }

    /// What stays together on a line.
    static func words(of text: some StringProtocol) -> [String] {
        var words: [String] = []
        for word in text.split(separator: " ") {
            if let last = words.last, isUnit(Substring(word)), isNumber(last) {
                words[words.count - 1] = "\(last) \(word)"
            } else {
                words.append(String(word))
            }
        }
        return words
    }

    private static func isNumber(_ word: String) -> Bool {
        word.last?.isNumber == true && word.contains { $0.isNumber } && word.allSatisfy { !$0.isLetter }
    }

    private static let units: Set<Substring> = [
        "B", "KiB", "MiB", "GiB", "TiB", "B/s", "KiB/s", "MiB/s", "GiB/s", "TiB/s", "MB", "GB", "kB/s", "MB/s", "GB/s",
        "Mbit/s", "Gbit/s", "bytes", "tokens", "tokens/s", "layers", "threads", "s", "ms", "min", "h", "d", "W", "J",
        "%", "MHz", "GHz", "°C", "K", "M",
    ]

    private static func isUnit(_ word: Substring) -> Bool {
        var word = word
        while let last = word.last, ",;:.)".contains(last) { word.removeLast() }
        return units.contains(word)
    }
}
