import ModelParts
import Foundation
import GGUF
import ModelGraph
import TestSupport
import Testing

/// Tiny quantized models against transformers' logits of the same weights.
@Suite(.enabled(if: Golden.isPresent, Comment(rawValue: Golden.absence)))
struct QuantizedLogitsTests {
    struct Index: Decodable {
        struct File: Decodable, CustomTestStringConvertible {
            struct Sequence: Decodable {
                let ids: [UInt32]
                let positions: [Int]
                let logitsFile: String
                /// What the file says less of than the model's own definition.
                let truncatedFile: String?
                let peerError: Double

                enum CodingKeys: String, CodingKey {
                    case ids, positions
                    case logitsFile = "logits_file"
                    case truncatedFile = "logits_trunc_file"
                    case peerError = "llamacpp_nmse"
                }
            }
            let file: String
            let sequences: [Sequence]

            var testDescription: String { file }
        }
        let files: [File]
    }

    /// The files of both sets, with their folder.
    static let files: [(folder: String, file: Index.File)] = ["gguf_quant", "../golden2/gguf_quant"].flatMap { folder in
        ((try? Golden.json("\(folder)/index.json", as: Index.self))?.files ?? []).map { (folder, $0) }
    }

    @Test("quantized models are exact in the exact mode and near with int8 activations", arguments: files)
    func quantizedModelsAreExactInThe(folder: String, entry: Index.File) throws {
        let file = try GGUFFile.open(path: Golden.file("\(folder)/\(entry.file)").path)
        var errors = 0.0, peerErrors = 0.0
        for sequence in entry.sequences {
            let reference = try Golden.floats("\(folder)/\(sequence.truncatedFile ?? sequence.logitsFile)")
            let largest = reference.reduce(0) { max($0, abs($1)) }
            let exact = try Pipeline(file, compute: .f32, threads: 2), width = exact.configuration.vocabulary
            let rows = sequence.positions[0] * width..<sequence.positions[1] * width
            #expect(reference.count == rows.count)
            let found = try exact.logits(sequence.ids)
            #expect(largestDifference(found[rows], reference) < 1e-3 * largest)
            let near = try Pipeline(file, compute: .int8, threads: 2).logits(sequence.ids)
            let error = normalizedError(Array(near[rows]), reference)
            // One row's error says little; with experts, rounding may choose another one.
            #expect(error < max(2 * sequence.peerError, 1e-6), "\(error) against \(sequence.peerError)")
            errors += error
            peerErrors += sequence.peerError
        }
        #expect(errors < 1.2 * peerErrors, "\(errors) against \(peerErrors)")
    }
}
