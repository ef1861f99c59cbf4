import API
import ChatTemplate
import CoordinatorCore
import GGUF
import TestSupport
import Testing
import Tokenizer

/// What makes prompts of conversations may be another template than the model's, or none.
@Suite(.timeLimit(.minutes(5)))
struct ChatTemplateChoiceTests {
    private let path = "/v1/chat/completions"
    private let body =
        #"{"messages": [{"role": "user", "content": "Hello world"}], "temperature": 0, "max_tokens": 4}"#

    @Test func `another template makes the prompt`() async throws {
        let api = try await TestAPI(
            chatTemplate: .other("{{ bos_token }}Q: {{ messages[0].content }}\nA:", file: "other.jinja"))
        let answer = try await api.post(path, body).json(ReadChat.self)
        let tokenizer = try #require(api.cluster.coordinator.model.tokenizer)
        let prompt = tokenizer.encode("<|im_start|>Q: Hello world\nA:", parseSpecial: true)
        #expect(answer.usage?.promptTokens == prompt.count)
        let whole =
            #"{"prompt": [\#(prompt.map { "\($0)" }.joined(separator: ", "))], "temperature": 0, "max_tokens": 4}"#
        let completion = try await api.post("/v1/completions", whole).json(ReadText.self)
        #expect(answer.choices.first?.message?.content == completion.choices.first?.text)
        await api.cluster.stop()
    }

    @Test func `without one chats are refused and completions are not`() async throws {
        let api = try await TestAPI(chatTemplate: .none)
        let response = try await api.post(path, body)
        #expect(response.status == 400)
        #expect(response.error?.code == "no_chat_template")
        #expect(response.error?.message.contains("--chat-template none") == true)
        #expect(try await api.post("/v1/completions", #"{"prompt": "Hello", "max_tokens": 2}"#).status == 200)
        await api.cluster.stop()
    }

    @Test func `one that cannot be read is named, with its line, to chats only`() async throws {
        let api = try await TestAPI(chatTemplate: .other("{{ 1 }}\n{% foo %}", file: "broken.jinja"))
        let response = try await api.post(path, body)
        #expect(response.status == 501)
        #expect(response.error?.code == "chat_template_unreadable")
        #expect(response.error?.message.contains("broken.jinja cannot be read: line 2: the tag 'foo'") == true)
        #expect(try await api.post("/v1/completions", #"{"prompt": "Hello", "max_tokens": 2}"#).status == 200)
        await api.cluster.stop()
    }

    @Test func `a model without one has no chats, but for another's template`() throws {
        let entries = TinyVocabulary.metadata(count: TinyVocabulary.minimumCount)
        let bare = try Tokenizer(
            metadata: GGUFMetadata(entries: entries.filter { $0.key != "tokenizer.chat_template" }))
        #expect(throws: ChatRefusal.absent) { try ChatTemplateChoice.model.template(of: bare) }
        #expect(throws: ChatRefusal.switchedOff) { try ChatTemplateChoice.none.template(of: bare) }
        _ = try ChatTemplateChoice.other("{{ messages }}", file: "x").template(of: bare)
        _ = try ChatTemplateChoice.model.template(of: Tokenizer(metadata: GGUFMetadata(entries: entries)))
    }
}
