import API
import ChatTemplate
import GGUF
import TestSupport
import Tokenizer

/// Bodies of the API's requests, as the routes read them, down to the prompt's tokens.
package struct RequestFuzz: FuzzFormat {
    package static let name = "requests"

    private let tokenizer: Tokenizer
    private let prompt: ChatPrompt
    private let controlTokens: Set<TokenID>

    package init() throws {
        let file = try GGUFFile(copying: TinyModel().file())
        tokenizer = try Tokenizer(metadata: file.metadata)
        prompt = ChatPrompt(template: try ChatTemplate(source: TinyVocabulary.chatTemplate), tokenizer: tokenizer)
        let all = tokenizer
        controlTokens = Set((0..<TokenID(all.vocabularySize)).filter { all.isSpecial($0) })
    }

    package let corpus: [[UInt8]] = [
        #"{"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi <|im_end|>"}],"stream":true,"stream_options":{"include_usage":true},"max_tokens":5,"temperature":0.5,"top_p":0.9,"top_k":-1,"seed":-3,"stop":["a","b"],"logit_bias":{"5":-100},"n":1,"user":"u"}"#,
        #"{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"\ud83d\ude00"}]},{"role":"assistant","content":null},{"role":"tool","content":""}],"response_format":{"type":"text"},"tools":[],"logprobs":false}"#,
        #"{"prompt":"Hello","max_completion_tokens":1,"echo":false,"suffix":"","repeat_penalty":1.1,"presence_penalty":0,"frequency_penalty":-2,"min_p":0.05,"ignore_eos":true}"#,
        #"{"prompt":[1,2,3]}"#, #"{"prompt":["x"]}"#, #"{"prompt":[[4,5]]}"#, #"{"path":"/models/a.gguf"}"#,
    ].map { Array($0.utf8) }

    package let words: [[UInt8]] =
        [
            "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u0000", "\\ud800", "\\udc00", "\\ud83d\\ude00", "null", "true",
            "false", "1e999",
            "-0", "1e-999", "9223372036854775808", "18446744073709551616", "-1", "0.1", "NaN", "\u{feff}", "<|im_end|>",
            "<|im_start|>",
            "\"messages\":", "\"content\":", "\"role\":", "\"prompt\":", "\"stop\":", "\"logit_bias\":", "\"user\"",
            " ", "\n", "\u{f0000}",
        ].map { Array($0.utf8) } + [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0]]

    /// The largest body that is read has 1 MiB.
    package var extremes: [[UInt8]] {
        func body(_ before: String, _ part: String, _ after: String) -> [UInt8] {
            Array((before + String(repeating: part, count: ((1 << 20) - 100) / part.utf8.count) + after).utf8)
        }
        return [
            body(#"{"prompt":[0"#, ",1", "]}"), body(#"{"prompt":""#, "a", #""}"#),
            body(#"{"prompt":""#, "\\u0061", #""}"#),
            body("", "[", ""), body(#"{"a":"#, "{\"a\":", "1"),
            body(#"{"messages":[{"role":"user","content":""#, "<|im_end|>", #""}]}"#),
            body(#"{"messages":["#, #"{"role":"user","content":"a"},"#, #"{"role":"user","content":""}]}"#),
            body(
                #"{"messages":[{"role":"user","content":[{"type":"text","text":""}"#, #",{"type":"text","text":""}"#,
                "]}]}"),
            body(#"{"prompt":"a","logit_bias":{"0":1"#, #","1":1"#, "}}"),
            body(#"{"prompt":"a","stop":[""#, #"","a"#, #""]}"#),
            body(#"{"prompt":"a""#, #","b":1"#, "}"), body(#"{"prompt":["a""#, #",1"#, "]}"), body("", " ", ""),
            body("1", "0", ""),
        ]
    }

    package func generate(_ random: inout FuzzRandom) -> [UInt8]? {
        let keys = [
            "model", "messages", "prompt", "stream", "stream_options", "stop", "max_tokens", "max_completion_tokens",
            "temperature", "top_p",
            "top_k", "min_p", "seed", "n", "tools", "functions", "user", "ignore_eos", "repetition_penalty",
            "repeat_penalty",
            "presence_penalty", "frequency_penalty", "logit_bias", "best_of", "logprobs", "response_format", "echo",
            "suffix", "path", "grammar",
        ]
        var members: [String] = []
        if random.oneIn(2) {
            members.append(
                "\"messages\":[" + (0...random.below(3)).map { _ in message(&random) }.joined(separator: ",") + "]")
        } else {
            members.append("\"prompt\":" + (random.oneIn(2) ? string(&random) : value(3, &random)))
        }
        for _ in 0..<random.below(4) { members.append("\"\(random.pick(keys))\":\(value(3, &random))") }
        return Array(("{" + members.joined(separator: ",") + "}").utf8)
    }

    private func message(_ random: inout FuzzRandom) -> String {
        let role =
            random.oneIn(8)
            ? value(1, &random) : "\"\(random.pick(["system", "user", "assistant", "tool", "developer"]))\""
        let content = random.oneIn(3) ? value(3, &random) : string(&random)
        return "{\"role\":\(role),\"content\":\(content)}"
    }

    private func string(_ random: inout FuzzRandom) -> String {
        let parts = [
            "a", "Hello ", "\\ud800", "\\udc00", "\\ud83d\\ude00", "\\u0000", "\\n", "\\\"", "\\\\", "<|im_end|>",
            "<|im_", "start|>",
            "\u{f0000}", "\u{f0001}", "é", "日本", "e\u{301}", "\u{200d}", "{{ x }}", "   ", "1234",
        ]
        return "\"" + (0..<random.below(12)).map { _ in random.pick(parts) }.joined() + "\""
    }

    private func value(_ depth: Int, _ random: inout FuzzRandom) -> String {
        switch random.below(depth > 0 ? 9 : 7) {
        case 0: return "\(Int64(bitPattern: random.interesting()))"
        case 1: return "\(Double(bitPattern: random.bits()))"
        case 2: return random.pick(["null", "true", "false", "1e999", "-0", "0", "1", "-1", "2.5", "1e2"])
        case 3, 4: return string(&random)
        case 5:
            return random.pick([
                #"{"type":"text"}"#, #"[{"type":"text","text":"x"}]"#, #"{"include_usage":true}"#, #"{"7":1}"#,
            ])
        case 6: return random.pick(["[]", "{}", "[[1]]", "[1,2]", #"["x"]"#])
        case 7: return "[" + (0..<random.below(4)).map { _ in value(depth - 1, &random) }.joined(separator: ",") + "]"
        default:
            return "{"
                + (0..<random.below(4)).map { _ in "\(string(&random)):\(value(depth - 1, &random))" }.joined(
                    separator: ",") + "}"
        }
    }

    package func run(_ input: [UInt8]) -> FuzzOutcome {
        var accepted = false
        if let chat = decode(ChatCompletionRequest.self, input) {
            accepted = valid(chat.fields)
            do throws(APIError) {
                let tokens = try prompt.tokens(of: chat.messages)
                // Special tokens typed by a user are text: those that are left are the template's.
                let control = tokens.count(where: controlTokens.contains)
                precondition(
                    control == 2 * chat.messages.count + 1,
                    "\(control) control tokens for \(chat.messages.count) messages")
            } catch {
                accepted = false
            }
        }
        if let completion = decode(CompletionRequest.self, input) {
            accepted = valid(completion.fields) || accepted
            if case .text(let text) = completion.prompt { _ = tokenizer.encode(text, addSpecial: true) }
        }
        accepted = decode(PlaceRequest.self, input) != nil || accepted
        return accepted ? .accepted : .refused
    }

    private func valid(_ fields: GenerationFields) -> Bool {
        do throws(APIError) {
            try fields.validate()
            return true
        } catch {
            precondition(!error.message.isEmpty)
            return false
        }
    }

    private func decode<Value: Decodable>(_ type: Value.Type, _ input: [UInt8]) -> Value? {
        do throws(APIError) {
            return try Value.decoded(fromJSON: input)
        } catch {
            precondition(!error.message.isEmpty && error.kind == "invalid_request_error", "\(error)")
            return nil
        }
    }
}
