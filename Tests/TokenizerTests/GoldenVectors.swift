import Foundation
import TestSupport
import Testing
import Tokenizer

/// The vectors of `tokenizers/X.vectors.json` in the golden data.
struct VocabularyVectors: Decodable {
    struct Case: Decodable {
        let text: String
        let ids: [TokenID]
        let parsed: [TokenID]
        let framed: [TokenID]
        let decoded: String
        let roundTrips: Bool
        /// What llama.cpp gives where it differs; as good as the other.
        let alternative: [TokenID]?
        let parsedAlternative: [TokenID]?

        enum CodingKeys: String, CodingKey {
            case text, ids, decoded
            case parsed = "ids_parse_special"
            case framed = "ids_add_special"
            case roundTrips = "round_trip"
            case alternative = "ids_llamacpp"
            case parsedAlternative = "ids_parse_special_llamacpp"
        }
    }

    let cases: [Case]
}

/// The vectors of a golden model's own tokenizer, `models/X/tokenizer_vectors.json`.
struct ModelVectors: Decodable {
    struct Case: Decodable {
        let text: String
        let ids: [TokenID]
        let framed: [TokenID]
        let decoded: String

        enum CodingKeys: String, CodingKey {
            case text, ids, decoded
            case framed = "ids_with_special"
        }
    }

    let cases: [Case]
}

/// Which golden files there are, found in place, so that none is forgotten.
enum GoldenTokenizers {
    /// The names of vocabularies with vectors and a file of llama.cpp's.
    static let vocabularies: [String] = names(in: "tokenizers", suffix: ".gguf.xz").map {
        String($0.dropFirst("ggml-vocab-".count))
    }

    /// The folders `golden` and `golden2` beside each other.
    static let folders: [URL] =
        Golden.folder.map { first in
            [first, first.deletingLastPathComponent().appending(path: "golden2")].filter {
                FileManager.default.fileExists(atPath: $0.path)
            }
        } ?? []

    /// A golden model with vectors of its own.
    struct Model: Sendable, CustomTestStringConvertible {
        let folder: URL
        let name: String

        var testDescription: String { name }
        var file: URL { folder.appending(path: "gguf/\(name)-F16.gguf") }
        var vectors: URL { folder.appending(path: "models/\(name)/tokenizer_vectors.json") }
    }

    static let models: [Model] = folders.flatMap { folder in
        let names = try? FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "models").path)
        return (names ?? []).sorted().map { Model(folder: folder, name: $0) }
            .filter { FileManager.default.fileExists(atPath: $0.vectors.path) }
    }

    private static func names(in subfolder: String, suffix: String) -> [String] {
        guard Golden.isPresent else { return [] }
        return ((try? Golden.files(in: subfolder, suffix: suffix)) ?? []).map {
            String($0.lastPathComponent.dropLast(suffix.count))
        }
    }
}
