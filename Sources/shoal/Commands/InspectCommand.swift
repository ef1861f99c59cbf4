import ArgumentParser
import CoordinatorCore
import Formats
import GGUF
import Placement

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Shows what is in a GGUF file: metadata, tensors, bytes per layer.",
        discussion: "Example: shoal inspect SmolLM2-135M-Instruct.Q4_1.gguf --json")

    @Argument(help: ArgumentHelp("The GGUF file.", valueName: "model")) var model: String
    @Flag(help: "Prints JSON.") var json = false

    func run() throws {
        let opened = try Model(path: model, isWhole: false)
        let document = InspectDocument(opened.file)
        try opened.check()
        if json { return try Console.json(document) }
        Console.write(document.text)
    }
}

/// A file's contents, for people and programs.
private struct InspectDocument: Encodable {
    struct Entry: Encodable {
        var key: String
        var type: String
        var value: String
    }

    struct Tensor: Encodable {
        var name: String
        var type: String
        /// Columns first.
        var dimensions: [Int]
        var bytes: Int
    }

    struct Part: Encodable {
        var part: String
        var tensors: Int
        var bytes: Int
    }

    var path: String
    var fileBytes: Int
    var version: Int
    var alignment: Int
    var metadata: [Entry]
    var tensors: [Tensor]
    /// Bytes per part: embedding, each layer, head, and what belongs to none.
    var layers: [Part]

    init(_ file: GGUFFile) {
        path = file.path
        fileBytes = file.byteCount
        version = file.version
        alignment = file.alignment
        metadata = file.metadata.entries.map { Entry(key: $0.key, type: $0.value.typeName, value: Self.text($0.value)) }
        tensors = file.tensors.map {
            Tensor(name: $0.name, type: $0.type.name, dimensions: $0.dimensions, bytes: $0.byteCount)
        }
        let parts = Dictionary(grouping: file.tensors) { ModelPart(tensor: $0.name) }
        layers = parts.keys.sorted { Self.order($0) < Self.order($1) }.map { part in
            Part(
                part: part == .configuration ? "other" : "\(part)", tensors: parts[part]!.count,
                bytes: parts[part]!.reduce(0) { $0 + $1.byteCount })
        }
    }

    var text: String {
        var lines = [
            "\(path): GGUF version \(version), \(ByteCount(fileBytes)) (\(fileBytes) bytes), alignment \(alignment)",
            "",
        ]
        var values = Table([("key", .left), ("type", .left), ("value", .left)])
        for entry in metadata { values.add([entry.key, entry.type, entry.value]) }
        lines += ["Metadata (\(metadata.count))", values.description, ""]
        var list = Table([("tensor", .left), ("type", .left), ("dimensions", .left), ("bytes", .right)])
        for tensor in tensors {
            list.add([
                tensor.name, tensor.type, tensor.dimensions.map { "\($0)" }.joined(separator: " × "), "\(tensor.bytes)",
            ])
        }
        lines += ["Tensors (\(tensors.count))", list.description, ""]
        var sizes = Table([("part", .left), ("tensors", .right), ("bytes", .right), ("", .right)])
        for part in layers { sizes.add([part.part, "\(part.tensors)", "\(part.bytes)", "\(ByteCount(part.bytes))"]) }
        lines += ["Bytes per layer", sizes.description]
        return lines.joined(separator: "\n") + "\n"
    }

    private static func order(_ part: ModelPart) -> Int {
        switch part {
        case .embedding: -1
        case .layer(let index): index
        case .head: Int.max - 1
        case .configuration: Int.max
        }
    }

    /// A value on one line: long texts and lists are cut, and say how long they are.
    private static func text(_ value: GGUFValue) -> String {
        if let array = value.array {
            let shown = array.elements(limit: 6).map { text($0) }.joined(separator: ", ")
            return array.count > 6 ? "[\(shown), … \(array.count) in all]" : "[\(shown)]"
        }
        if let string = value.string {
            let line = String(string.map { $0 == "\n" || $0 == "\r\n" ? "⏎" : $0 })
            return line.count > 100 ? "\(line.prefix(100))… (\(string.utf8.count) bytes)" : line
        }
        if let integer = value.integer { return "\(integer)" }
        if let float = value.float { return "\(float)" }
        if let bool = value.bool { return "\(bool)" }
        return ""
    }
}
