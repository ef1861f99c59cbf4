/// The name of one file of a split model: `NAME-00002-of-00003.gguf`, as llama.cpp's gguf-split writes it (`SPLIT` format "%s-%05d-of-%05d.gguf").
package struct SplitName: Sendable, Hashable {
    /// What comes before the numbers, with the folder.
    package let prefix: String
    /// Which file it is, from 0; its name counts from 1.
    package let index: Int
    /// How many files there are.
    package let count: Int
    /// What comes after the numbers: ".gguf" in any case of letters.
    private let suffix: String

    /// Reads a path, nil when it does not end so.
    package init?(path: String) {
        let suffix = path.suffix(5)
        guard suffix.lowercased() == ".gguf" else { return nil }
        let stem = Array(path.utf8.dropLast(5))
        // "-00002-of-00003": 15 bytes.
        guard stem.count > 15 else { return nil }
        let numbers = stem.suffix(15)
        func number(at place: Int) -> Int? {
            let digits = numbers.dropFirst(place).prefix(5)
            guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
            return digits.reduce(0) { 10 * $0 + Int($1 - UInt8(ascii: "0")) }
        }
        guard numbers.first == UInt8(ascii: "-"), numbers.dropFirst(6).prefix(4).elementsEqual("-of-".utf8),
            stem[stem.count - 16] != UInt8(ascii: "/"), let index = number(at: 1), let count = number(at: 10),
            index >= 1, index <= count
        else { return nil }
        prefix = String(decoding: stem.dropLast(15), as: UTF8.self)
        (self.index, self.count, self.suffix) = (index - 1, count, String(suffix))
    }

    /// The path of another file of the same model.
    package func path(of index: Int) -> String { prefix + Self.numbers(index, of: count) + suffix }

    /// What names end with, such as "-00002-of-00003".
    static func numbers(_ index: Int, of count: Int) -> String { "-\(fiveDigits(index + 1))-of-\(fiveDigits(count))" }

    private static func fiveDigits(_ number: Int) -> String {
        let digits = "\(number)"
        return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
}
