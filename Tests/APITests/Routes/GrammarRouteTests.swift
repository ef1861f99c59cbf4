import API
import Grammar
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(10)))
struct GrammarRouteTests {
    private let chat = "/v1/chat/completions"

    private func body(_ more: String, most: Int = 200) -> String {
        #"{"messages": [{"role": "user", "content": "Hello world"}], "seed": 7, "max_tokens": \#(most), \#(more)}"#
    }

    @Test func `a schema is followed, whole and streamed, and a grammar in completions`() async throws {
        let api = try await TestAPI()
        let schema =
            #"{"type":"object","properties":{"b":{"type":"string","maxLength":5},"a":{"type":"integer","maximum":5,"minimum":1}},"required":["b","a"],"additionalProperties":false}"#
        let format =
            #""response_format":{"type":"json_schema","json_schema":{"name":"n","strict":true,"schema":\#(schema)}}"#
        let answer = try await api.post(chat, body(format)).json(ReadChat.self)
        let text = try #require(answer.choices.first?.message?.content)
        #expect(answer.choices.first?.finishReason == "stop")
        guard case .object(let properties) = try OrderedJSON(json: text) else { return #expect(Bool(false), "\(text)") }
        #expect(properties.map(\.name) == ["b", "a"])
        // From what is kept by then.
        #expect(try await api.post(chat, body(format)).json(ReadChat.self).choices.first?.message?.content == text)
        let word = try await api.post(
            "/v1/completions", #"{"prompt": "Hello", "grammar": "root ::= \"one\" | \"two\"", "max_tokens": 9}"#)
        #expect(word.status == 200)
        #expect(word.body.contains("one") || word.body.contains("two"))
        await api.cluster.stop()
    }

    @Test(arguments: [
        (
            #""response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"properties":{"a":{"not":{}}}}}}"#,
            "response_format.json_schema.schema", "at /properties/a/not: not is not supported", "invalid_json_schema"
        ),
        (
            #""response_format":{"type":"json_object","schema":{"type":"string","multipleOf":1}}"#,
            "response_format.schema", "at /multipleOf", "invalid_json_schema"
        ),
        (#""grammar":"root ::= (""#, "grammar", "line 1, column 10", "invalid_grammar"),
        (#""grammar":"root ::= root""#, "grammar", "no text is possible", "invalid_grammar"),
    ])
    func `what cannot be followed is refused with its place`(
        fields: String, parameter: String, part: String, code: String
    ) async throws {
        let api = try await TestAPI()
        let response = try await api.post(chat, body(fields))
        #expect(response.status == 400)
        let error = try response.json(ErrorBody.self).error
        #expect(error.parameter == parameter)
        #expect(error.code == code)
        #expect(error.message.contains(part), "\(error.message)")
        await api.cluster.stop()
    }
}
