import API
import Grammar
import Hummingbird
import Sampling
import Testing

struct ChatCompletionRequestTests {
    private func decode(_ json: String) throws(APIError) -> ChatCompletionRequest {
        try ChatCompletionRequest.decoded(fromJSON: json.utf8)
    }

    /// The error for a body that must be refused, by its types or by `validate`.
    private func refusal(_ json: String) -> APIError? {
        do throws(APIError) {
            try decode(json).fields.validate()
            return nil
        } catch {
            return error
        }
    }

    private func body(_ fields: String) -> String {
        #"{"messages":[{"role":"user","content":"Hi"}],\#(fields)}"#
    }

    @Test func `the smallest request gets OpenAI's defaults`() throws {
        let request = try decode(#"{"messages":[{"role":"user","content":"Hi"}]}"#)
        #expect(request.messages == [ChatMessage(role: .user, content: "Hi")])
        #expect(request.fields.model == nil)
        #expect(request.fields.stream == false)
        #expect(request.fields.stop == nil)
        #expect(request.fields.maximumTokens == nil)
        #expect(request.fields.sampling == SamplingParameters())
        #expect(request.fields.sampling.temperature == 1)
    }

    @Test func `every field is read`() throws {
        let fields = try decode(
            body(
                #""model":"m","stream":true,"stream_options":{"include_usage":true},"stop":["a","b"],"max_tokens":5,"temperature":0.5,"#
                    + #""top_p":0.25,"top_k":7,"min_p":0.125,"repetition_penalty":1.5,"presence_penalty":-1,"frequency_penalty":1,"#
                    + #""seed":-1,"n":1,"logit_bias":{"12":-100,"3":0.5},"user":"someone","unknown_field":[1]"#)
        ).fields
        #expect(fields.model == "m")
        #expect(fields.stream)
        #expect(fields.streamOptions?.includeUsage == true)
        #expect(fields.stop?.texts == ["a", "b"])
        #expect(fields.maximumTokens == 5)
        var expected = SamplingParameters()
        expected.temperature = 0.5
        expected.topP = 0.25
        expected.topK = 7
        expected.minP = 0.125
        expected.repetitionPenalty = 1.5
        expected.presencePenalty = -1
        expected.frequencyPenalty = 1
        expected.seed = .max
        expected.logitBias = [12: -100, 3: 0.5]
        #expect(fields.sampling == expected)
    }

    @Test func `null is the same as absent`() throws {
        let fields = try decode(
            body(
                #""model":null,"stop":null,"max_tokens":null,"temperature":null,"seed":null,"stream":null,"n":null,"logit_bias":null,"#
                    + #""tools":null,"logprobs":null,"response_format":null,"stream_options":null"#)
        ).fields
        #expect(try fields == decode(body(#""service_tier":"x""#)).fields)
    }

    @Test func `what an answer must be is read with the order of properties`() throws {
        func constraint(_ fields: String) throws -> AnswerConstraint? { try decode(body(fields)).fields.constraint }
        #expect(try constraint(#""response_format":{"type":"text"},"grammar":"""#) == nil)
        #expect(try constraint(#""response_format":{"type":"json_object"}"#) == .object)
        #expect(try constraint(#""grammar":"root ::= [0-9]""#) == .gbnf("root ::= [0-9]"))
        let schema = #"{"type":"object","properties":{"z":{"const":1.50},"a":{"type":"null"},"m":{"enum":[1e2]}}}"#
        let named = try constraint(
            #""response_format":{"type":"json_schema","json_schema":{"name":"n","strict":true,"schema":\#(schema)}}"#)
        #expect(named == .schema(try OrderedJSON(json: schema), parameter: "response_format.json_schema.schema"))
        let plain = try constraint(#""response_format":{"type":"json_object","schema":\#(schema)}"#)
        #expect(plain == .schema(try OrderedJSON(json: schema), parameter: "response_format.schema"))
    }

    @Test func `max_completion_tokens wins over max_tokens`() throws {
        #expect(try decode(body(#""max_tokens":5,"max_completion_tokens":6"#)).fields.maximumTokens == 6)
        #expect(try decode(body(#""max_completion_tokens":7"#)).fields.maximumTokens == 7)
    }

    @Test func `a stop may be one text, and empty ones are left out`() throws {
        #expect(try decode(body(#""stop":"END""#)).fields.stop?.texts == ["END"])
        #expect(try decode(body(#""stop":["","x"]"#)).fields.stop?.texts == ["x"])
    }

    @Test func `content may be a list of text parts, or absent for the assistant`() throws {
        let request = try decode(
            #"{"messages":[{"role":"system","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},"#
                + #"{"role":"assistant","content":null},{"role":"assistant"},{"role":"tool","content":"t"},{"role":"developer","content":"d"}]}"#
        )
        #expect(request.messages.map(\.content) == ["a\nb", "", "", "t", "d"])
        #expect(request.messages.map(\.role) == [.system, .assistant, .assistant, .tool, .developer])
    }

    @Test(arguments: [
        (#""temperature":"hot""#, "temperature"), (#""max_tokens":"5""#, "max_tokens"),
        (#""max_tokens":1.5"#, "max_tokens"),
        (#""max_tokens":0"#, "max_tokens"), (#""stream":"yes""#, "stream"), (#""stop":5"#, "stop"),
        (#""stop":[1]"#, "stop"),
        (#""seed":"x""#, "seed"), (#""model":5"#, "model"), (#""logit_bias":{"x":1}"#, "logit_bias"),
        (#""logit_bias":{"1":101}"#, "logit_bias"),
        (#""stream_options":{"include_usage":1}"#, "stream_options.include_usage"),
        (#""temperature":-1"#, "temperature"), (#""top_p":1.5"#, "top_p"), (#""top_k":-2"#, "top_k"),
        (#""min_p":2"#, "min_p"),
        (#""presence_penalty":3"#, "presence_penalty"), (#""frequency_penalty":-3"#, "frequency_penalty"),
        (#""repetition_penalty":0"#, "repetition_penalty"), (#""n":2"#, "n"), (#""n":0"#, "n"),
        (#""best_of":2"#, "best_of"),
        (#""logprobs":true"#, "logprobs"), (#""tools":[{}]"#, "tools"),
        (#""response_format":{"type":"xml"}"#, "response_format.type"), (#""response_format":5"#, "response_format"),
        (#""response_format":{"type":"json_schema"}"#, "response_format.json_schema"),
        (#""response_format":{"type":"json_schema","json_schema":{"name":"a"}}"#, "response_format.json_schema.schema"),
        (#""response_format":{"type":"json_object"},"grammar":"root ::= \"a\"""#, "grammar"),
        (#""grammar":5"#, "grammar"),
    ])
    func `a wrong field is named`(field: String, parameter: String) throws {
        let error = try #require(refusal(body(field)))
        #expect(error.status == .badRequest)
        #expect(error.kind == "invalid_request_error")
        #expect(error.parameter == parameter)
        #expect(error.message.contains(parameter))
    }

    @Test(arguments: [
        (#"{}"#, "messages"), (#"{"messages":[]}"#, "messages"), (#"{"messages":"Hi"}"#, "messages"),
        (#"{"messages":[{"role":"user"}]}"#, "messages[0].content"),
        (#"{"messages":[{"role":"user","content":null}]}"#, "messages[0].content"),
        (#"{"messages":[{"role":"user","content":5}]}"#, "messages[0].content"),
        (#"{"messages":[{"role":"user","content":"a"},{"role":"king","content":"a"}]}"#, "messages[1].role"),
        (#"{"messages":[{"content":"a"}]}"#, "messages[0].role"),
        (
            #"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]}"#,
            "messages[0].content[0].type"
        ),
        (#"{"messages":[{"role":"user","content":[{"type":"text"}]}]}"#, "messages[0].content[0].text"),
    ])
    func `wrong messages are named`(json: String, parameter: String) throws {
        let error = try #require(refusal(json))
        #expect(error.status == .badRequest)
        #expect(error.parameter == parameter)
    }

    @Test(arguments: [
        "", "{", "nonsense", #"{"messages":[}"#, "\u{0}", #"{"messages":[{"role":"user","content":"Hi"}]} x"#,
    ])
    func `malformed JSON says so`(json: String) throws {
        let error = try #require(refusal(json))
        #expect(error.status == .badRequest)
        #expect(error.code == "invalid_json")
        #expect(error.parameter == nil)
    }

    @Test(arguments: ["[]", "5", #""text""#])
    func `a body that is no object is refused`(json: String) throws {
        let error = try #require(refusal(json))
        #expect(error.status == .badRequest)
        #expect(error.message == "the body must be an object")
    }

    @Test func `very deep nesting is refused`() throws {
        let json = String(repeating: "[", count: 100_000)
        #expect(try #require(refusal(json)).code == "invalid_json")
    }
}
