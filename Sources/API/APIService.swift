import CoordinatorCore
#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
import Grammar
import Hummingbird
import Tokenizer

/// What the routes share: who serves the model, and how a conversation becomes its prompt.
struct APIService: Sendable {
    let host: ModelHost
    private let prompts: ChatPrompts
    private let grammars = AnswerGrammars()

    init(host: ModelHost, chatTemplate: ChatTemplateChoice = .model) {
        self.host = host
        prompts = ChatPrompts(chatTemplate)
    }

    /// The coordinator of the model that is placed, whether it answers yet or not.
    /// - Throws: 503 while there is none.
    func placed() throws(APIError) -> Coordinator {
        if let coordinator = host.present { return coordinator }
        switch host.readiness {
        case .ready: throw .unavailable(ModelHost.noModel)
        case .starting(let reason), .recovering(let reason), .unavailable(let reason): throw .unavailable(reason)
        }
    }

    /// Checks what every generating request has in common.
    /// - Returns: who answers it.
    /// - Throws: 503 while no model answers, 400 for parameters out of range, 404 for another model.
    func check(_ fields: GenerationFields) throws(APIError) -> Coordinator {
        let coordinator = try placed()
        switch coordinator.readiness {
        case .ready, .recovering: break
        case .starting(let reason), .unavailable(let reason): throw .unavailable(reason)
        }
        try fields.validate()
        _ = try model(named: fields.model)
        return coordinator
    }

    /// How a conversation becomes a prompt. Takes its time when a model is new.
    /// - Throws: 400 where no template is to be had, 501 where it cannot be read.
    func chatPrompt(of coordinator: Coordinator) throws(APIError) -> ChatPrompt {
        do {
            return try prompts.prompt(of: coordinator)
        } catch {
            throw APIError(error)
        }
    }

    /// The served model, by its id, `default` or no name.
    /// - Throws: 503 while there is none, 404 for another model.
    func model(named name: String?) throws(APIError) -> ServedModel {
        let model = try placed().model
        guard let name, name != "default", name != model.id else { return model }
        throw .invalidRequest(
            "the model \"\(name)\" is not served here; \"\(model.id)\" is (or say \"default\")", parameter: "model",
            code: "model_not_found", status: .notFound)
    }

    /// Makes a prompt's tokens, on threads of their own.
    ///
    /// - Parameters:
    ///   - texts: the bytes of all texts in it.
    ///   - pieces: how many texts or tokens there are; each takes a position at least.
    ///   - context: whose request it is; when the client goes away, nothing more is done for it.
    ///   - make: makes them, within its time, of at most so many bytes of text.
    /// - Throws: 400, before anything is made of it, for a prompt that cannot fit the context; or what `make` throws.
    func prompt(
        texts bytes: Int, pieces: Int = 1, for coordinator: Coordinator, context: APIContext,
        _ make: @escaping @Sendable (_ limit: Int, WorkTime) throws(APIError) -> [TokenID]
    ) async throws(APIError) -> [TokenID] {
        let limit = coordinator.maximumPromptBytes
        guard bytes <= limit, pieces <= limit else {
            throw .invalidRequest(
                "the prompt has \(bytes) bytes in \(pieces) parts, and the context of \(coordinator.model.context) tokens holds \(limit) bytes at most; "
                    + "shorten it, or serve with a larger --context", code: "context_length_exceeded")
        }
        let task = Task { [client = context.client] in
            await RequestThreads.standard.result(for: client) { time throws(APIError) in try make(limit, time) }
        }
        let connection = await context.connectionWatch()
        connection?.onClose { task.cancel() }
        defer { connection?.onClose(nil) }
        return try await task.value.get()
    }

    /// What an answer must be a text of, made on threads of their own; nil for any text.
    /// - Throws: 400 for a schema or a grammar that cannot be followed.
    func grammar(
        of fields: GenerationFields, for coordinator: Coordinator, context: APIContext
    ) async throws(APIError) -> MaskTables? {
        guard let constraint = fields.constraint else { return nil }
        if let known = grammars.known(constraint, for: coordinator) { return known }
        return try await RequestThreads.standard.run(for: context.client) { [grammars] _ throws(APIError) in
            try grammars.make(constraint, for: coordinator)
        }
    }

    /// Starts an answer and makes it the response, streamed or whole.
    func respond<Format: AnswerFormat>(
        by coordinator: Coordinator, prompt: [TokenID], fields: GenerationFields, grammar: MaskTables?,
        idPrefix: String, context: APIContext,
        format: (AnswerHead) -> Format
    ) async throws -> Response {
        let events: AsyncStream<GenerationEvent>
        do {
            events = try coordinator.generate(
                GenerationRequest(
                    prompt: prompt, maximumTokens: fields.maximumTokens, sampling: fields.sampling,
                    stop: fields.stop?.texts ?? [], ignoreEndOfGeneration: fields.ignoreEndOfGeneration,
                    grammar: grammar, client: context.client))
        } catch {
            throw APIError(error)
        }
        let head = AnswerHead(
            id: "\(idPrefix)-\(randomName())", created: Int(Date().timeIntervalSince1970), model: coordinator.model.id)
        let answer = Answer(
            events: events, format: format(head), includeUsage: fields.streamOptions?.includeUsage ?? false,
            connection: await context.connectionWatch(), permit: context.permit)
        return fields.stream ? try await answer.streamed() : try await answer.whole()
    }

    private func randomName() -> String {
        var generator = SystemRandomNumberGenerator()
        let digits = Array("0123456789abcdefghijklmnopqrstuvwxyz")
        return String((0..<24).map { _ in digits.randomElement(using: &generator)! })
    }
}
