import API
import Hummingbird
import Testing

@Suite struct JSONBoundsTests {
    private func error(_ json: String) -> APIError? {
        do {
            _ = try ChatCompletionRequest.decoded(fromJSON: Array(json.utf8))
            return nil
        } catch {
            return error
        }
    }

    private func request(_ field: String) -> String {
        #"{"messages": [{"role": "user", "content": "Hi"}], "x": \#(field)}"#
    }

    @Test func `depth is bounded`() {
        func nested(_ depth: Int) -> String {
            request(String(repeating: "[", count: depth) + String(repeating: "]", count: depth))
        }
        #expect(error(nested(63)) == nil)
        #expect(error(nested(64))?.code == "invalid_json")
        #expect(error(nested(1_000_000))?.code == "invalid_json")
        #expect(error(String(repeating: "[", count: 1_000_000))?.status == .badRequest)
    }

    @Test func `values are bounded`() {
        let many = Array(repeating: "0", count: 300_000).joined(separator: ",")
        #expect(error(request("[\(many)]"))?.status == .contentTooLarge)
        let some = Array(repeating: "0", count: 10_000).joined(separator: ",")
        #expect(error(request("[\(some)]")) == nil)
    }

    @Test func `what stands in a text is not counted`() {
        let text = String(repeating: #"[{,\""#, count: 100_000)
        #expect(error(request("\"\(text)\"")) == nil)
        #expect(error(request(#""\\""#)) == nil)
    }
}

extension JSONBoundsTests {
    @Test(arguments: [
        (#"[1, 2,]"#, "comma"), (#"{"a": 1, }"#, "comma"), (#"[,]"#, "comma"), (#"{"a": 1, "a": 2}"#, #"key "a""#),
        (#"[{"b": {"c": 1}, "b": 2}]"#, #"key "b""#), (#""\ud83d""#, "surrogate"), (#""\ude00""#, "surrogate"),
        (#""\ud83d x""#, "surrogate"), (#""\ud83d\n""#, "surrogate"), (#""\ud83d\ud83d\ude00""#, "surrogate"),
        (#""\uD83D\u0041""#, "surrogate"),
    ])
    func `what decoders let pass is refused with its place`(field: String, reason: String) {
        let error = error(request(field))
        #expect(error?.code == "invalid_json")
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("at byte ") == true)
    }

    @Test(arguments: [
        #"[{"a": 1}, {"a": 1}]"#, #"{"a": {"a": {"a": ["a", "a", {"a": "a:"}]}}}"#, #""\ud83d\ude00 \uD83D\uDE00""#,
        #""\\ud83d""#, #"["a,", "]"]"#, #"{"a,": "}", "a": ",}"}"#, #""é\u00e9""#, #"{"": 1, " ": 2}"#,
    ])
    func `what is JSON is not`(field: String) {
        #expect(error(request(field)) == nil)
    }
}
