import API
import Hummingbird
import Testing

struct CompletionRequestTests {
    private func decode(_ json: String) throws(APIError) -> CompletionRequest {
        try CompletionRequest.decoded(fromJSON: json.utf8)
    }

    @Test func `a prompt is a text, a list with one, or token ids`() throws {
        #expect(try decode(#"{"prompt":"Hi"}"#).prompt == .text("Hi"))
        #expect(try decode(#"{"prompt":["Hi"]}"#).prompt == .text("Hi"))
        #expect(try decode(#"{"prompt":[1,2,3]}"#).prompt == .tokens([1, 2, 3]))
        #expect(try decode(#"{"prompt":[[1,2,3]]}"#).prompt == .tokens([1, 2, 3]))
    }

    @Test(arguments: [
        #"{}"#, #"{"prompt":5}"#, #"{"prompt":["a","b"]}"#, #"{"prompt":[]}"#, #"{"prompt":[-1]}"#,
        #"{"prompt":[1.5]}"#,
        #"{"prompt":[5000000000]}"#, #"{"prompt":null}"#, #"{"prompt":[[1],[2]]}"#,
    ])
    func `any other prompt is refused`(json: String) {
        let error = #expect(throws: APIError.self) { try decode(json) }
        #expect(error?.parameter == "prompt")
        #expect(error?.status == .badRequest)
    }

    @Test(arguments: [(#""echo":true"#, "echo"), (#""suffix":"x""#, "suffix"), (#""logprobs":3"#, "logprobs")])
    func `what is not supported is refused`(field: String, parameter: String) throws {
        let request = try decode(#"{"prompt":"Hi",\#(field)}"#)
        let error = #expect(throws: APIError.self) { try request.fields.validate() }
        #expect(error?.parameter == parameter)
        #expect(error?.code == "unsupported_parameter")
    }

    @Test func `what asks for nothing special is taken`() throws {
        let request = try decode(#"{"prompt":"Hi","echo":false,"suffix":"","logprobs":null,"best_of":1}"#)
        try request.fields.validate()
        #expect(request.fields.refusal == nil)
    }
}
