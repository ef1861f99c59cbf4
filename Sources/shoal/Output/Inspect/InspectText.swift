import Foundation
import ModelGraph
import Placement
import Terminal

/// What a model's file is, for people: facts, then tables, in as many columns as the terminal has, and 100 elsewhere.
struct InspectText {
    private let document: InspectDocument
    /// Columns.
    private static let width = min(100, TerminalWindow.columns(of: STDOUT_FILENO) ?? 100)

    init(_ document: InspectDocument) { self.document = document }

    /// - Parameters:
    ///   - metadata: whether to list all metadata.
    ///   - tensors: whether to list all tensors.
    func text(metadata: Bool, tensors: Bool) -> String {
        var blocks = [facts.description]
        if !document.weights.kinds.isEmpty { blocks += [kinds.description, layers.description] }
        if metadata { blocks.append("Metadata (\(document.metadata.count))\n\(entries)") }
        if tensors { blocks.append("Tensors (\(document.tensors.count))\n\(list)") }
        return blocks.joined(separator: "\n\n") + "\n"
    }

    private var facts: FactList {
        var facts = FactList(width: Self.width)
        addFile(&facts)
        addShape(&facts)
        addTokenizer(&facts)
        if document.problems.isEmpty {
            facts.add("supported", "yes")
        } else {
            facts.add("supported", document.supported ? "yes, but" : "no")
            for problem in document.problems { facts.add("", "- \(problem.message)") }
        }
        return facts
    }

    // MARK: The file

    private func addFile(_ facts: inout FactList) {
        let general = document.general, weights = document.weights
        facts.add("file", document.path)
        let count = document.files.count
        facts.add(
            "",
            "\(ByteCount(document.fileBytes)) (\(document.fileBytes) bytes)\(count > 1 ? " in \(count) files" : ""), GGUF version \(document.version)"
        )
        facts.add("name", general.name.map(Self.short))
        let words = [general.basename, general.sizeLabel, general.finetune].compactMap(\.self)
        facts.add("family", ([general.architecture ?? "not named"] + words).map(Self.short).joined(separator: ", "))
        facts.add("made by", general.organization.map(Self.short))
        let license = [general.license, general.licenseName, general.licenseLink].compactMap(\.self)
        facts.add("licence", license.isEmpty ? "not named" : license.map(Self.short).joined(separator: ", "))
        guard let bits = weights.bitsPerWeight else { return facts.add("weights", "none") }
        let active =
            weights.activeParameters == weights.parameters
            ? "" : ", of which a token passes \(Self.amount(weights.activeParameters))"
        facts.add("parameters", Self.amount(weights.parameters) + active)
        let types = weights.types.map { "\($0.name) \(Self.share($0.bytes, of: weights.bytes))" }
        facts.add(
            "weights",
            "\(general.quantization.map { "\($0): " } ?? "")\(Self.decimals(bits, 2)) bits per weight (\(types.joined(separator: ", ")))"
        )
    }

    /// A few words of a file, of which it may hold a book.
    private static func short(_ text: String) -> String { text.count > 160 ? "\(text.prefix(160))…" : text }

    // MARK: What it computes

    private func addShape(_ facts: inout FactList) {
        let shape = document.shape
        if let layers = shape.layers {
            let more = [
                shape.width.map { "width \($0)" }, shape.vocabulary.map { "\($0) tokens" },
                shape.tiedEmbedding == true ? "the output matrix is the embedding" : nil,
            ]
            facts.add("layers", (["\(layers)"] + more.compactMap(\.self)).joined(separator: ", "))
        }
        func described(_ text: String, _ layers: [Int]) -> String {
            layers.isEmpty || layers.count == shape.layers ? text : "\(text); in \(which(layers))"
        }
        for attention in shape.attention {
            facts.add("attention", described(attention.description, attention.layers))
        }
        for layers in shape.undividedLayers {
            facts.add(
                "together", "layers \(LayerList(layers)), which share keys and values: one device holds all of them")
        }
        for window in shape.windows {
            facts.add(
                "window",
                "\(window.positions) positions in \(window.layers.count == shape.layers ? "all layers" : which(window.layers))"
            )
        }
        let unrotated = shape.layersWithoutPositions
        if !unrotated.isEmpty { facts.add("NoPE", "positions do not enter \(which(unrotated))") }
        for experts in shape.experts { facts.add("experts", described(experts.description, experts.layers)) }
        if let context = shape.trainedContext {
            facts.add("context", "\(context) positions" + shape.scalings.map { ", \($0)" }.joined())
        }
        guard let cache = document.cache else { return }
        let sizes = cache.sizes.map { size in
            "\(ByteCount(size.bytes)) as \(size.type) (\(ByteCount(size.bytesPerPosition)) each)"
        }
        facts.add(
            "cache",
            "for \(cache.context) positions \(sizes.joined(separator: ", "))"
                + (shape.windows.isEmpty ? "" : "; of layers with a window what that needs")
                + (cache.sizes.count == 1 ? "; not as q8_0" : ""))
    }

    private func which(_ layers: [Int]) -> String {
        "\(layers.count) of \(document.shape.layers ?? 0) layers (\(LayerList(layers)))"
    }

    // MARK: Texts

    private func addTokenizer(_ facts: inout FactList) {
        if let tokenizer = document.tokenizer {
            // Only this kind cuts texts in more than one way; files of others name one all the same.
            let cut = tokenizer.model == "gpt2" ? tokenizer.preTokenizer.map { ", cut as \($0)" } ?? "" : ""
            let rows = tokenizer.embeddingRows.flatMap { $0 == tokenizer.vocabulary ? nil : ", \($0) rows" } ?? ""
            facts.add(
                "tokenizer",
                "\(tokenizer.algorithm)\(cut), \(tokenizer.vocabulary) tokens\(rows)"
            )
            let isAdded = tokenizer.addsBeginningOfSequence == true
            let ends = tokenizer.endOfGeneration.map(\.text).joined(separator: ", ")
            let parts = [
                tokenizer.beginningOfSequence.map { "BOS \($0.text)\(isAdded ? "" : " (not added)")" },
                tokenizer.endOfSequence.map { "EOS \($0.text)" }, ends.isEmpty ? nil : "answers end with \(ends)",
            ].compactMap(\.self)
            if !parts.isEmpty { facts.add("", parts.joined(separator: "; ")) }
            for warning in tokenizer.warnings { facts.add("", "warning: \(warning)") }
        } else {
            facts.add("tokenizer", "none")
        }
        guard let template = document.template else { return facts.add("chats", "the file has no chat template") }
        guard template.readable else { return facts.add("chats", "no: its chat template cannot be read") }
        facts.add(
            "chats",
            "chat template of \(template.bytes) bytes, \(template.takesTools == true ? "takes tools" : "takes no tools")"
        )
    }

    // MARK: Tables

    private var kinds: Table {
        let weights = document.weights, hasExperts = weights.activeParameters != weights.parameters
        let columns = [("weights", .left), ("tensors", .right), ("parameters", .right)] as [(String, Table.Alignment)]
        var table = Table(
            columns + (hasExperts ? [("active", .right)] : [])
                + [("bytes", .right), ("share", .right), ("bits per weight", .right)])
        func add(_ name: String, _ tensors: Int, _ elements: Int, _ active: Int, _ bytes: Int) {
            let shares = [
                "\(ByteCount(bytes))", Self.share(bytes, of: weights.bytes),
                Self.decimals(Double(bytes) * 8 / Double(max(1, elements)), 2),
            ]
            table.add(
                [name, "\(tensors)", Self.amount(elements)] + (hasExperts ? [Self.amount(active)] : []) + shares)
        }
        for kind in weights.kinds {
            let name = kind.name == WeightKind.other.rawValue ? "norms, others" : kind.name
            add(name, kind.tensors, kind.parameters, kind.activeParameters, kind.bytes)
        }
        add("all", document.tensors.count, weights.parameters, weights.activeParameters, weights.bytes)
        return table
    }

    /// Layers that are alike are one line; of many different ones the first, a middle one and the largest are shown.
    private var layers: Table {
        let groups = document.groups
        let present = WeightKind.allCases.filter { kind in groups.contains { $0.kinds[kind] != nil } }
        var table = Table(
            [("bytes in each of", .left)]
                + present.map { ($0 == .other ? "others" : $0.rawValue, Table.Alignment.right) }
                + [("all", .right)])
        func cells(_ name: String, _ bytes: [String: Int]) -> [String] {
            [name] + present.map { kind in bytes[kind.rawValue].map { "\(ByteCount($0))" } ?? "" }
                + ["\(ByteCount(bytes.values.reduce(0, +)))"]
        }
        func add(_ part: InspectDocument.Part) {
            table.add([part.part] + present.map { _ in "" } + ["\(ByteCount(part.bytes))"])
        }
        let isLayer = { (part: InspectDocument.Part) in part.part.hasPrefix("layer ") }
        for part in document.layers where part.part == "embedding" { add(part) }
        if groups.count <= 4 {
            for group in groups {
                table.add(
                    cells(
                        "\(group.layers.count == 1 ? "layer" : "\(group.layers.count) layers:") \(LayerList(group.layers))",
                        Dictionary(uniqueKeysWithValues: group.kinds.map { ($0.key.rawValue, $0.value.bytes) })))
            }
        } else {
            let sorted = document.layers.filter(isLayer).sorted { $0.bytes < $1.bytes }
            let shown = [
                ("smallest", sorted[0]), ("median", sorted[sorted.count / 2]), ("largest", sorted[sorted.count - 1]),
            ]
            for (what, part) in shown {
                table.add(
                    cells(
                        "\(part.part), the \(what)",
                        Dictionary(uniqueKeysWithValues: part.kinds.map { ($0.kind, $0.bytes) })))
            }
        }
        for part in document.layers where part.part != "embedding" && !isLayer(part) { add(part) }
        return table
    }

    private var entries: Table {
        var table = Table([("key", .left), ("type", .left), ("value", .left)])
        let keys = document.metadata.map(\.key.count).max() ?? 0, types = document.metadata.map(\.type.count).max() ?? 0
        let width = max(24, Self.width - keys - types - 4)
        for entry in document.metadata {
            let value = entry.value.count > width ? entry.value.prefix(width - 1) + "…" : entry.value[...]
            table.add([entry.key, entry.type, String(value)])
        }
        return table
    }

    private var list: Table {
        var table = Table([("tensor", .left), ("type", .left), ("dimensions", .left), ("bytes", .right)])
        for tensor in document.tensors {
            let dimensions = tensor.dimensions.map { "\($0)" }.joined(separator: " × ")
            table.add([tensor.name, tensor.type, dimensions, "\(tensor.bytes)"])
        }
        return table
    }

    // MARK: Numbers

    /// A number of parameters: "134.5 M".
    static func amount(_ count: Int) -> String {
        switch count {
        case ..<1_000: "\(count)"
        case ..<999_950: "\(decimals(Double(count) / 1e3, 1)) K"
        case ..<999_950_000: "\(decimals(Double(count) / 1e6, 1)) M"
        default: "\(decimals(Double(count) / 1e9, 2)) B"
        }
    }

    static func decimals(_ value: Double, _ count: Int) -> String { String(format: "%.\(count)f", value) }

    static func share(_ part: Int, of whole: Int) -> String {
        let percent = 100 * Double(part) / Double(max(1, whole))
        return percent > 0 && percent < 0.1 ? "< 0.1%" : "\(decimals(percent, 1))%"
    }
}
