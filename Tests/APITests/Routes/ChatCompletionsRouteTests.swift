import API
import CoordinatorCore
import Sampling
import TestSupport
import Testing
import Tokenizer

@Suite(.timeLimit(.minutes(10)))
struct ChatCompletionsRouteTests {
    private let path = "/v1/chat/completions"

    private func body(_ more: String = "") -> String {
        #"{"model": "tiny", "messages": [{"role": "user", "content": "Hello world"}], "temperature": 0, "max_tokens": 8\#(more)}"#
    }

    @Test func `a question is answered with usage`() async throws {
        let api = try await TestAPI()
        let response = try await api.post(path, body())
        #expect(response.status == 200)
        #expect(response.headers["content-type"] == "application/json; charset=utf-8")
        let answer = try response.json(ReadChat.self)
        #expect(answer.object == "chat.completion")
        #expect(answer.id.hasPrefix("chatcmpl-"))
        #expect(answer.model == "tiny")
        #expect(answer.choices.count == 1)
        #expect(answer.choices.first?.index == 0)
        #expect(answer.choices.first?.message?.role == "assistant")
        let tokenizer = try #require(api.cluster.coordinator.model.tokenizer)
        let prompt = tokenizer.encode(
            "<|im_start|>user\nHello world<|im_end|>\n<|im_start|>assistant\n", parseSpecial: true)
        let expected = try await api.cluster.coordinator.answer(
            GenerationRequest(prompt: prompt, maximumTokens: 8, sampling: .greedy))
        #expect(answer.choices.first?.message?.content == expected.text)
        #expect(answer.choices.first?.finishReason == expected.reason?.rawValue)
        #expect(
            answer.usage
                == UsageBody(promptTokens: prompt.count, completionTokens: expected.usage?.generatedTokens ?? 0))
        await api.cluster.stop()
    }

    @Test func `the model may be its id, default, or absent`() async throws {
        let api = try await TestAPI()
        let named = try await api.post(path, body()).json(ReadChat.self).choices.first?.message?.content
        for model in [#""model": "default", "#, ""] {
            let response = try await api.post(
                path,
                #"{\#(model)"messages": [{"role": "user", "content": "Hello world"}], "temperature": 0, "max_completion_tokens": 8}"#
            )
            #expect(response.status == 200)
            let answer = try response.json(ReadChat.self)
            #expect(answer.model == "tiny")
            #expect(answer.choices.first?.message?.content == named)
        }
        await api.cluster.stop()
    }

    @Test func `streamed pieces are the whole answer`() async throws {
        let api = try await TestAPI()
        let whole = try await api.post(path, body()).json(ReadChat.self)
        let response = try await api.post(path, body(#", "stream": true, "stream_options": {"include_usage": true}"#))
        #expect(response.status == 200)
        #expect(response.headers["content-type"] == "text/event-stream; charset=utf-8")
        #expect(response.body.hasSuffix("\n\ndata: [DONE]\n\n"))
        let chunks = try response.chunks(ReadChat.self)
        #expect(chunks.first?.choices.first?.delta?.role == "assistant")
        #expect(chunks.allSatisfy { $0.object == "chat.completion.chunk" && $0.id == chunks[0].id })
        let text = chunks.compactMap { $0.choices.first?.delta?.content }.joined()
        #expect(text == whole.choices.first?.message?.content)
        #expect(chunks.dropLast().last?.choices.first?.finishReason == whole.choices.first?.finishReason)
        #expect(chunks.dropLast(2).allSatisfy { $0.choices.first?.finishReason == nil })
        #expect(chunks.last?.choices.isEmpty == true)
        #expect(chunks.last?.usage == whole.usage)
        // Without asking there is no usage.
        let plain = try await api.post(path, body(#", "stream": true"#)).chunks(ReadChat.self)
        #expect(plain.allSatisfy { $0.usage == nil && $0.choices.count == 1 })
        await api.cluster.stop()
    }

    @Test func `the same seed says the same`() async throws {
        let api = try await TestAPI()
        func text(_ seed: Int) async throws -> String? {
            try await api.post(
                path,
                #"{"messages": [{"role": "user", "content": "Hello"}], "seed": \#(seed), "max_tokens": 24, "logit_bias": {"2": -100, "0": -100}}"#
            ).json(ReadChat.self).choices.first?.message?.content
        }
        let first = try await text(1)
        #expect(try await text(1) == first)
        #expect(try await text(-1) != first)
        await api.cluster.stop()
    }

    @Test func `a stop text ends the answer and is not in it`() async throws {
        let api = try await TestAPI()
        let bias = #", "logit_bias": {"2": -100, "0": -100}"#
        let whole = try await api.post(path, body(bias)).json(ReadChat.self)
        let text = try #require(whole.choices.first?.message?.content)
        #expect(whole.choices.first?.finishReason == "length")
        let scalars = Array(text.unicodeScalars)
        // A stop text of plain characters, so that it can stand in JSON as it is.
        let index = try #require(scalars.indices.first { $0 > 0 && scalars[$0].properties.isAlphabetic })
        let stop = String(scalars[index])
        for more in [#", "stop": "\#(stop)""#, #", "stop": ["never seen", "\#(stop)"]"#] {
            let stopped = try await api.post(path, body(bias + more)).json(ReadChat.self)
            #expect(stopped.choices.first?.finishReason == "stop")
            let before = scalars.prefix { $0 != scalars[index] }
            #expect(stopped.choices.first?.message?.content == String(String.UnicodeScalarView(before)))
        }
        await api.cluster.stop()
    }

    @Test func `control tokens typed by a user are text`() async throws {
        let api = try await TestAPI()
        func promptTokens(_ content: String) async throws -> Int? {
            try await api.post(
                path, #"{"messages": [{"role": "user", "content": "\#(content)"}], "max_tokens": 1}"#
            ).json(ReadChat.self).usage?.promptTokens
        }
        let empty = try #require(try await promptTokens(""))
        let typed = try #require(try await promptTokens("<|im_end|>"))
        let tokenizer = try #require(api.cluster.coordinator.model.tokenizer)
        #expect(typed - empty > 1)
        #expect(tokenizer.encode("<|im_end|>", parseSpecial: true).count == 1)
        await api.cluster.stop()
    }

    @Test(
        arguments: [
            ("", "invalid_json", nil), ("{", "invalid_json", nil), ("[]", nil, nil), ("{}", nil, "messages"),
            (#"{"messages": []}"#, nil, "messages"), (#"{"messages": [{"role": "user"}]}"#, nil, "messages[0].content"),
            (#"{"messages": "x"}"#, nil, "messages"),
            (#"{"messages": [{"role": "user", "content": "x"}], "max_tokens": 0}"#, nil, "max_tokens"),
            (#"{"messages": [{"role": "user", "content": "x"}], "max_tokens": 1.5}"#, nil, "max_tokens"),
            (#"{"messages": [{"role": "user", "content": "x"}], "temperature": -1}"#, nil, "temperature"),
            (#"{"messages": [{"role": "user", "content": "x"}], "top_p": 2}"#, nil, "top_p"),
            (#"{"messages": [{"role": "user", "content": "x"}], "stop": 3}"#, nil, "stop"),
            (#"{"messages": [{"role": "user", "content": "x"}], "n": 2}"#, "unsupported_parameter", "n"),
            (#"{"messages": [{"role": "user", "content": "x"}], "tools": [{}]}"#, "unsupported_parameter", "tools"),
        ] as [(String, String?, String?)]) func `a wrong request is 400 and names the parameter`(
            body: String, code: String?, parameter: String?
        ) async throws
    {
        let api = try await TestAPI()
        let response = try await api.post(path, body)
        #expect(response.status == 400)
        let error = try #require(response.error)
        #expect(error.type == "invalid_request_error")
        #expect(!error.message.isEmpty)
        if let code { #expect(error.code == code) }
        #expect(error.parameter == parameter)
        await api.cluster.stop()
    }

    @Test func `an unknown model is 404`() async throws {
        let api = try await TestAPI()
        let response = try await api.post(path, body().replacing("tiny", with: "gpt-4"))
        #expect(response.status == 404)
        #expect(response.error?.code == "model_not_found")
        #expect(response.error?.parameter == "model")
        #expect(response.error?.message.contains("gpt-4") == true)
        await api.cluster.stop()
    }

    @Test(arguments: [false, true]) func `a conversation longer than the context is 400`(stream: Bool) async throws {
        let api = try await TestAPI(context: 32)
        let text = String(repeating: "xyz ", count: 40)
        let response = try await api.post(
            path, #"{"messages": [{"role": "user", "content": "\#(text)"}], "stream": \#(stream)}"#)
        #expect(response.status == 400)
        #expect(response.error?.code == "context_length_exceeded")
        await api.cluster.stop()
    }

    @Test func `a body beyond 1 MiB is 413`() async throws {
        let api = try await TestAPI()
        let text = String(repeating: "x", count: 1 << 20)
        let response = try await api.post(path, #"{"messages": [{"role": "user", "content": "\#(text)"}]}"#)
        #expect(response.status == 413)
        #expect(response.error?.code == "request_too_large")
        await api.cluster.stop()
    }

    @Test func `while nothing is placed it is 503`() async throws {
        let api = try await TestAPI(started: false)
        let response = try await api.post(path, body())
        #expect(response.status == 503)
        #expect(response.headers["retry-after"] == "2")
        #expect(response.error?.code == "model_not_ready")
        await api.cluster.stop()
    }

    @Test func `a coordinator that stops in the middle of a stream ends it with an error event`() async throws {
        let api = try await TestAPI(context: 1 << 18)
        let asked = body(#", "stream": true, "logit_bias": {"2": -100, "0": -100}"#)
            .replacing(#""max_tokens": 8"#, with: #""max_tokens": 200000"#)
        async let streamed = api.post(path, asked)
        // Before the first tokens it would be an error instead of a stream.
        while await api.cluster.coordinator.report().scheduler?.totals.generatedTokens ?? 0 < 5 {
            try await Task.sleep(for: .milliseconds(5))
        }
        api.cluster.coordinator.stop()
        let response = try await streamed
        #expect(response.status == 200)
        #expect(response.body.contains("event: error\n"))
        #expect(!response.body.contains("[DONE]"))
        await api.cluster.stop()
    }
}
