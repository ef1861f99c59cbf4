import CoordinatorCore
import Formats
import GGUF
import ModelGraph
import TestSupport

/// Models in several files, as far as their headers are read, and their shards made.
///
/// An input is the files one after another, each behind its length in four bytes.
package struct SplitFuzz: FuzzFormat {
    package static let name = "split"

    package let corpus: [[UInt8]]
    private let models: [SplitModel]
    private let model: GGUFFile

    package init() throws {
        var tiny = TinyModel()
        (tiny.layers, tiny.width, tiny.heads, tiny.keyValueHeads, tiny.feedForward) = (2, 32, 1, 1, 32)
        model = try GGUFFile(copying: tiny.file())
        models = [[10], [0, 5], [1, 1, 9]].map { [model] in SplitModel(model, tensors: $0) }
        corpus = try models.map { try Self.input($0.parts.map { try $0.file() }) }
    }

    package let words: [[UInt8]] = ["split.no", "split.count", "split.tensors.count", "general.alignment", "GGUF"]
        .map { Array($0.utf8) }

    /// Files that well-formed parts are not of each other's model.
    package func generate(_ random: inout FuzzRandom) -> [UInt8]? {
        var parts = random.pick(models).parts
        for _ in 0...random.below(3) {
            let index = random.below(parts.count)
            switch random.below(8) {
            case 0: parts[index] = random.pick(random.pick(models).parts)
            case 1: parts.swapAt(index, random.below(parts.count))
            case 2 where parts.count > 1: parts.remove(at: index)
            case 3:
                if let tensor = parts[index].tensors.popLast() {
                    parts[random.below(parts.count)].tensors.append(tensor)
                }
            case 4:
                if let tensor = parts[index].tensors.last, parts.count > 1 {
                    parts[(index + 1) % parts.count].tensors.append(tensor)
                }
            case 5: parts[index].metadata.append(("general.alignment", .uint32(random.pick([8, 16, 64, 4096]))))
            default:
                parts[index].set(
                    random.pick(["split.no", "split.count", "split.tensors.count"]),
                    random.oneIn(2) ? .uint16(UInt16(random.below(5))) : .int64(Int64(bitPattern: random.interesting()))
                )
            }
        }
        // A part that the writer refuses, such as one with a key twice, is left empty.
        return Self.input(parts.map { (try? $0.file()) ?? [] })
    }

    package func run(_ input: [UInt8]) -> FuzzOutcome {
        let files = Self.files(input)
        guard !files.isEmpty else { return .refused }
        // The names say as many files as there are: a header that says otherwise is refused.
        let digits = "\(files.count)"
        func name(_ index: Int) -> String {
            let number = "\(index + 1)"
            return
                "m-\(String(repeating: "0", count: 5 - number.count))\(number)-of-\(String(repeating: "0", count: 5 - digits.count))\(digits).gguf"
        }
        let named = Dictionary(uniqueKeysWithValues: files.enumerated().map { (name($0), $1) })
        guard let file = try? SplitModel.open(named, first: name(0)) else { return .refused }
        precondition(Set(file.tensors.map(\.name)).count == file.tensors.count)
        precondition(file.parts.count == 1 || file.parts.count == files.count)
        for tensor in file.tensors { precondition(file.bytes(of: tensor).count == tensor.byteCount) }
        guard let shards = try? ModelShards(file) else { return .refused }
        for layer in 0..<min(shards.layerCount, 4) {
            var count = 0
            shards[.layer(layer)].read(offset: 0, count: .max) { count += $0.count }
            precondition(count == shards[.layer(layer)].byteCount)
        }
        return (try? ModelConfiguration(file: file)) == nil ? .refused : .accepted
    }

    private static func input(_ files: [[UInt8]]) -> [UInt8] {
        files.flatMap { file in (0..<4).map { UInt8(truncatingIfNeeded: file.count >> (8 * $0)) } + file }
    }

    /// At most 99 files; a length beyond the end means all that is left.
    private static func files(_ input: [UInt8]) -> [[UInt8]] {
        var rest = input[...]
        var files: [[UInt8]] = []
        while rest.count >= 4, files.count < 99 {
            let count = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(4)
            files.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return files
    }
}
