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
