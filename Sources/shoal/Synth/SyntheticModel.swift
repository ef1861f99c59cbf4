import Formats
import Foundation
import GGUF
import Tokenizer

/// A GGUF file with a real model's shape and random weights: for measuring without downloads. Its text is nonsense.
struct SyntheticModel {
    let shape: ModelShape
    let type: ElementType
    let seed: UInt64

    /// Writes the file in a stream.
    ///
    /// - Parameter progress: called with bytes written and bytes in all.
    /// - Throws: `GGUFError`, or `CommandError` when the file cannot be written; then none is left.
    func write(to path: String, progress: (Int, Int) -> Void) throws {
        let layout = try GGUFWriter(metadata: metadata, tensors: tensors).layout()
        let partial = path + ".partial"
        guard FileManager.default.createFile(atPath: partial, contents: nil),
            let file = FileHandle(forWritingAtPath: partial)
        else { throw CommandError("\(partial) cannot be written: check the path and the disk's free space") }
        do {
            try file.write(contentsOf: Data(layout.header))
            for (index, tensor) in layout.tensors.enumerated() {
                try write(tensor, index: index, to: file)
                let padding = (layout.alignment - tensor.byteCount % layout.alignment) % layout.alignment
                try file.write(contentsOf: Data(count: padding))
                progress(layout.header.count + tensor.offset + tensor.byteCount, layout.fileByteCount)
            }
            try file.close()
            guard rename(partial, path) == 0 else { throw CommandError("\(partial) cannot be renamed to \(path)") }
        } catch {
            try? FileManager.default.removeItem(atPath: partial)
            throw CommandError("\(path) cannot be written: \(error)")
        }
    }

    private func write(_ tensor: GGUFTensor, index: Int, to file: FileHandle) throws {
        if tensor.dimensions.count == 1 {
            try file.write(contentsOf: [Float](repeating: 1, count: tensor.columns).withUnsafeBytes { Data($0) })
            return
        }
        // As at initialization: rows keep the size of what they multiply.
        let deviation = 1 / Float(tensor.columns).squareRoot()
        var blocks = RandomBlocks(seed: seed &+ UInt64(index), deviation: deviation)
        let pieceBytes = max(1, (8 << 20) / tensor.type.blockBytes) * tensor.type.blockBytes
        var piece = Data(count: min(pieceBytes, tensor.byteCount))
        for start in stride(from: 0, to: tensor.byteCount, by: pieceBytes) {
            let count = min(pieceBytes, tensor.byteCount - start)
            if piece.count != count { piece = Data(count: count) }
            piece.withUnsafeMutableBytes { blocks.fill($0, type: tensor.type) }
            try file.write(contentsOf: piece)
        }
    }

    /// The output matrix is finer than the rest, as llama.cpp's quantizer makes it.
    private var headType: ElementType { type == .q4_0 || type == .q4_1 || type == .q4_K ? .q6_K : type }

    private var tensors: [GGUFWriter.Tensor] {
        let shape = shape.dimensions
        let headSize = shape.width / shape.heads
        func matrix(_ name: String, _ columns: Int, _ rows: Int, _ type: ElementType) -> GGUFWriter.Tensor {
            .init(name: name, type: type, dimensions: [columns, rows])
        }
        func norm(_ name: String) -> GGUFWriter.Tensor { .init(name: name, type: .f32, dimensions: [shape.width]) }
        var tensors = [matrix("token_embd.weight", shape.width, shape.vocabulary, type)]
        for layer in 0..<shape.layers {
            let prefix = "blk.\(layer)"
            tensors += [
                norm("\(prefix).attn_norm.weight"), norm("\(prefix).ffn_norm.weight"),
                matrix("\(prefix).attn_q.weight", shape.width, shape.width, type),
                matrix("\(prefix).attn_k.weight", shape.width, shape.keyValueHeads * headSize, type),
                matrix("\(prefix).attn_v.weight", shape.width, shape.keyValueHeads * headSize, type),
                matrix("\(prefix).attn_output.weight", shape.width, shape.width, type),
                matrix("\(prefix).ffn_gate.weight", shape.width, shape.feedForwardWidth, type),
                matrix("\(prefix).ffn_up.weight", shape.width, shape.feedForwardWidth, type),
                matrix("\(prefix).ffn_down.weight", shape.feedForwardWidth, shape.width, type),
            ]
        }
        return tensors + [norm("output_norm.weight"), matrix("output.weight", shape.width, shape.vocabulary, headType)]
    }

    private var metadata: [(key: String, value: GGUFValue)] {
        let shape = shape.dimensions
        func number(_ value: Int) -> GGUFValue { .uint32(UInt32(value)) }
        return [
            ("general.architecture", .string("llama")),
            ("general.name", .string("\(self.shape.rawValue) with random weights")),
            ("llama.block_count", number(shape.layers)), ("llama.context_length", number(shape.context)),
            ("llama.embedding_length", number(shape.width)),
            ("llama.feed_forward_length", number(shape.feedForwardWidth)),
            ("llama.attention.head_count", number(shape.heads)),
            ("llama.attention.head_count_kv", number(shape.keyValueHeads)),
            ("llama.attention.layer_norm_rms_epsilon", .float32(1e-5)),
            ("llama.rope.dimension_count", number(shape.width / shape.heads)),
            ("llama.rope.freq_base", .float32(10000)), ("llama.vocab_size", number(shape.vocabulary)),
        ] + vocabulary(shape.vocabulary)
    }

    /// A tokenizer of bytes: control tokens, the 256 bytes, and fillers that no text gives.
    private func vocabulary(_ count: Int) -> [(key: String, value: GGUFValue)] {
        let control = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
        let bytes = (UInt8.min...UInt8.max).map { String(ByteAlphabet.character(of: $0)) }
        let fillers = (0..<count - control.count - bytes.count).map { "<filler\($0)>" }
        let kinds = (0..<count).map { Int32($0 < control.count ? 3 : 1) }
        let template =
            "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
            + "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
        return [
            ("tokenizer.ggml.model", .string("gpt2")), ("tokenizer.ggml.pre", .string("smollm")),
            ("tokenizer.ggml.tokens", .array(GGUFArray(control + bytes + fillers))),
            ("tokenizer.ggml.token_type", .array(GGUFArray(kinds))),
            ("tokenizer.ggml.merges", .array(GGUFArray([String]()))),
            ("tokenizer.ggml.bos_token_id", .uint32(1)), ("tokenizer.ggml.eos_token_id", .uint32(2)),
            ("tokenizer.ggml.add_bos_token", .bool(false)), ("tokenizer.chat_template", .string(template)),
        ]
    }
}
