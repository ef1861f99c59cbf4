import Foundation
import TestSupport
import Testing

/// A tiny model with logits by transformers.
struct GoldenModel: CustomTestStringConvertible {
    let name: String
    let type: String
    /// Of the two sets.
    let folder: String

    /// All but those with recurrent state.
    static let all: [GoldenModel] = {
        let unsupported = ["granitehybrid", "lfm2", "nemotron_h", "qwen35", "qwen3next"]
        return ["", "../golden2/"].flatMap { folder in
            ((try? Golden.files(in: "\(folder)gguf", suffix: ".gguf")) ?? []).map(\.lastPathComponent).compactMap {
                file in
                let parts = file.split(separator: ".")[0].split(separator: "-")
                guard !unsupported.contains(where: file.hasPrefix) else { return nil }
                return GoldenModel(
                    name: parts.dropLast().joined(separator: "-"), type: String(parts[parts.count - 1]), folder: folder)
            }
        }
    }()

    var file: String { "\(folder)gguf/\(name)-\(type).gguf" }

    var logits: String {
        // One file in the layout of before holds the same numbers.
        "\(folder)logits/\(name == "deepseek2-lite-oldlayout" ? "deepseek2-lite" : name)"
    }

    var testDescription: String { "\(name) \(type)" }
}
