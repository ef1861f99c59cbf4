import API
import CoordinatorCore
import Sampling
import TestSupport
import Testing
import Tokenizer

@Suite(.timeLimit(.minutes(10)))
struct CompletionsRouteTests {
    private let path = "/v1/completions"

    @Test func `a text goes on as the model would`() async throws {
        let api = try await TestAPI()
        let tokenizer = try #require(api.cluster.coordinator.model.tokenizer)
        let prompt = tokenizer.encode("Hello world")
        let expected = try await api.cluster.coordinator.answer(
            GenerationRequest(prompt: prompt, maximumTokens: 9, sampling: .greedy))
        let ids = "[" + prompt.map(String.init).joined(separator: ",") + "]"
        for asked in [#""Hello world""#, #"["Hello world"]"#, ids, "[\(ids)]"] {
            let response = try await api.post(path, #"{"prompt": \#(asked), "temperature": 0, "max_tokens": 9}"#)
            #expect(response.status == 200)
            let answer = try response.json(ReadText.self)
            #expect(answer.object == "text_completion")
            #expect(answer.id.hasPrefix("cmpl-"))
            #expect(answer.model == "tiny")
            #expect(answer.choices.map(\.text) == [expected.text])
            #expect(answer.choices.map(\.finishReason) == [expected.reason?.rawValue])
            #expect(
                answer.usage
                    == UsageBody(promptTokens: prompt.count, completionTokens: expected.usage?.generatedTokens ?? 0))
            #expect(answer.usage?.totalTokens == prompt.count + (expected.usage?.generatedTokens ?? 0))
        }
        await api.cluster.stop()
    }

    @Test func `streamed pieces are the whole answer`() async throws {
        let api = try await TestAPI()
        let asked =
            #"{"prompt": "Hello", "temperature": 0, "max_tokens": 20, "stream_options": {"include_usage": true}"#
        let whole = try await api.post(path, asked + "}").json(ReadText.self)
        let response = try await api.post(path, asked + #", "stream": true}"#)
        #expect(response.headers["content-type"] == "text/event-stream; charset=utf-8")
        #expect(response.events.last == "[DONE]")
        let chunks = try response.chunks(ReadText.self)
        #expect(chunks.compactMap { $0.choices.first?.text }.joined() == whole.choices.first?.text)
        #expect(chunks.dropLast().last?.choices.first?.finishReason == whole.choices.first?.finishReason)
        #expect(chunks.last?.usage == whole.usage)
        await api.cluster.stop()
    }

    @Test func `without max_tokens the answer fills the context`() async throws {
        let api = try await TestAPI(context: 48)
        let answer = try await api.post(path, #"{"prompt": [5, 6, 7], "logit_bias": {"2": -100, "0": -100}}"#)
            .json(ReadText.self)
        #expect(answer.choices.first?.finishReason == "length")
        #expect(answer.usage?.totalTokens == 48)
        await api.cluster.stop()
    }

    @Test(
        arguments: [
            ("{}", "prompt"), (#"{"prompt": 3}"#, "prompt"), (#"{"prompt": []}"#, "prompt"),
            (#"{"prompt": [-1]}"#, "prompt"), (#"{"prompt": [999999]}"#, "prompt"),
            (#"{"prompt": "x", "echo": true}"#, "echo"), (#"{"prompt": "x", "suffix": "y"}"#, "suffix"),
            (#"{"prompt": "x", "best_of": 3}"#, "best_of"), (#"{"prompt": "x", "logprobs": 1}"#, "logprobs"),
            (#"{"prompt": ""}"#, nil),
        ] as [(String, String?)]) func `a wrong request is 400 and names the parameter`(
            body: String, parameter: String?
        )
        async throws
    {
        let api = try await TestAPI()
        let response = try await api.post(path, body)
        #expect(response.status == 400)
        #expect(response.error?.type == "invalid_request_error")
        #expect(response.error?.parameter == parameter)
        await api.cluster.stop()
    }
}
