import Formats
import GGUF
import ModelGraph
import Tokenizer

/// What a model's file is, for programs. People see what `InspectText` makes of it.
struct InspectDocument: Encodable {
    /// What a file says of itself in `general.*`.
    struct General: Encodable {
        var name: String?
        var architecture: String?
        var basename: String?
        var finetune: String?
        var sizeLabel: String?
        var organization: String?
        var license: String?
        var licenseName: String?
        var licenseLink: String?
        /// The mix of types by name, such as "Q4_K_M".
        var quantization: String?
    }

    /// Sums over tensors of a type, a kind, or a part.
    struct Count: Encodable {
        var name: String
        var tensors: Int
        var parameters: Int
        /// Those that one token passes.
        var activeParameters: Int
        var bytes: Int

        init(_ name: String, _ count: ModelWeights.Count) {
            self.name = name
            tensors = count.tensors
            parameters = count.elements
            activeParameters = count.activeElements
            bytes = count.bytes
        }
    }

    struct Weights: Encodable {
        var parameters: Int
        var activeParameters: Int
        var bytes: Int
        var bitsPerWeight: Double?
        /// By what they are for.
        var kinds: [Count]
        /// By element type, what takes most first.
        var types: [Count]
    }

    struct Part: Encodable {
        struct Kind: Encodable {
            var kind: String
            var bytes: Int
        }

        var part: String
        var tensors: Int
        var parameters: Int
        var bytes: Int
        var kinds: [Kind]
    }

    struct File: Encodable {
        var path: String
        var bytes: Int
    }

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

    var path: String
    /// Of all files together.
    var fileBytes: Int
    var files: [File]
    var version: Int
    var alignment: Int
    /// Whether it can be run here. Without a chat template that can be read it can, but answers no chats.
    var supported: Bool
    /// What is not supported, and why.
    var problems: [InspectProblem]
    var general: General
    var weights: Weights
    /// Bytes per part: embedding, each layer, head, and what belongs to none.
    var layers: [Part]
    var shape: InspectShape
    /// What sequences keep, of a model that can be computed.
    var cache: InspectCache?
    var tokenizer: InspectTokenizer?
    var template: InspectTemplate?
    var metadata: [Entry]
    var tensors: [Tensor]

    /// Layers of equal sizes, for people.
    let groups: [ModelWeights.LayerGroup]

    private enum CodingKeys: CodingKey {
        case path, fileBytes, files, version, alignment, supported, problems, general, weights, layers, shape, cache,
            tokenizer, template, metadata, tensors
    }

    init(_ file: GGUFFile) {
        path = file.path
        fileBytes = file.byteCount
        files = file.parts.map { File(path: $0.path, bytes: $0.bytes.count) }
        version = file.version
        alignment = file.alignment
        let findings = InspectFindings(file)
        problems = findings.problems
        supported = !problems.contains(where: \.stopsModel)
        general = General(file.metadata)
        let weights = ModelWeights(file, configuration: findings.configuration)
        self.weights = Weights(weights)
        groups = weights.layerGroups
        layers = weights.parts.map { Part($0) }
        shape = InspectShape(file, findings.configuration)
        cache = findings.configuration.map { InspectCache($0) }
        tokenizer = InspectTokenizer(file, findings)
        template = InspectTemplate(file.metadata)
        metadata = file.metadata.entries.map {
            Entry(key: $0.key, type: $0.value.typeName, value: $0.value.onOneLine)
        }
        tensors = file.tensors.map {
            Tensor(name: $0.name, type: $0.type.name, dimensions: $0.dimensions, bytes: $0.byteCount)
        }
    }
}

extension InspectDocument.General {
    init(_ metadata: GGUFMetadata) {
        func text(_ key: String) -> String? {
            metadata["general.\(key)"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        }
        name = text("name")
        architecture = text("architecture")
        basename = text("basename")
        finetune = text("finetune")
        sizeLabel = text("size_label")
        organization = text("organization")
        license = text("license")
        licenseName = text("license.name")
        licenseLink = text("license.link")
        quantization = QuantizationMix(metadata: metadata).map { $0.name ?? "number \($0.number)" }
    }
}

extension InspectDocument.Weights {
    init(_ weights: ModelWeights) {
        let total = weights.total, kinds = weights.kinds
        parameters = total.elements
        activeParameters = total.activeElements
        bytes = total.bytes
        bitsPerWeight = total.bitsPerWeight
        self.kinds = WeightKind.allCases.compactMap { kind in
            kinds[kind].map { InspectDocument.Count(kind.rawValue, $0) }
        }
        types = weights.types.map { InspectDocument.Count($0.key.name, $0.value) }.sorted {
            ($1.bytes, $0.name) < ($0.bytes, $1.name)
        }
    }
}

extension InspectDocument.Part {
    init(_ part: ModelWeights.Part) {
        self.part =
            switch part.place {
            case .embedding: "embedding"
            case .layer(let index): "layer \(index)"
            case .head: "head"
            case .other: "other"
            }
        let total = part.total
        tensors = total.tensors
        parameters = total.elements
        bytes = total.bytes
        kinds = WeightKind.allCases.compactMap { kind in
            part.kinds[kind].map { Kind(kind: kind.rawValue, bytes: $0.bytes) }
        }
    }
}

extension GGUFValue {
    /// The value on one line: long texts and lists are cut, and say how long they are.
    fileprivate var onOneLine: String {
        if let array {
            let shown = array.elements(limit: 6).map(\.onOneLine).joined(separator: ", ")
            return array.count > 6 ? "[\(shown), … \(array.count) in all]" : "[\(shown)]"
        }
        if let string {
            let line = String(string.map { $0 == "\n" || $0 == "\r\n" ? "⏎" : $0 })
            return line.count > 100 ? "\(line.prefix(100))… (\(string.utf8.count) bytes)" : line
        }
        if let integer { return "\(integer)" }
        if let float { return "\(float)" }
        if let bool { return "\(bool)" }
        return ""
    }
}
