import CoordinatorCore
#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
import Hummingbird
import Tokenizer

/// What the routes share: who serves the model, and how a conversation becomes its prompt.
struct APIService: Sendable {
    let host: ModelHost
    private let prompts = ChatPrompts()

    init(host: ModelHost) { self.host = host }

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
    /// - Throws: 503 while no model answers, 404 for another model, 400 for parameters out of range.
    func check(_ fields: GenerationFields) throws(APIError) -> Coordinator {
        let coordinator = try placed()
        switch coordinator.readiness {
        case .ready, .recovering: break
        case .starting(let reason), .unavailable(let reason): throw .unavailable(reason)
        }
        _ = try model(named: fields.model)
        try fields.validate()
        return coordinator
    }

    /// How a conversation becomes a prompt; nil for a model without a chat template.
    func chatPrompt(of coordinator: Coordinator) -> ChatPrompt? { prompts.prompt(of: coordinator) }

    /// The served model, by its id, `default` or no name.
    /// - Throws: 503 while there is none, 404 for another model.
    func model(named name: String?) throws(APIError) -> ServedModel {
        let model = try placed().model
        guard let name, name != "default", name != model.id else { return model }
        throw .invalidRequest(
            "the model \"\(name)\" is not served here; \"\(model.id)\" is (or say \"default\")", parameter: "model",
            code: "model_not_found", status: .notFound)
    }

    /// Starts an answer and makes it the response, streamed or whole.
    func respond<Format: AnswerFormat>(
        by coordinator: Coordinator, prompt: [TokenID], fields: GenerationFields, idPrefix: String, peer: String,
        connection: ConnectionWatch?,
        format: (AnswerHead) -> Format
    ) async throws -> Response {
        let events: AsyncStream<GenerationEvent>
        do {
            events = try coordinator.generate(
                GenerationRequest(
                    prompt: prompt, maximumTokens: fields.maximumTokens, sampling: fields.sampling,
                    stop: fields.stop?.texts ?? [], ignoreEndOfGeneration: fields.ignoreEndOfGeneration,
                    client: fields.user ?? peer))
        } catch {
            throw APIError(error)
        }
        let head = AnswerHead(
            id: "\(idPrefix)-\(randomName())", created: Int(Date().timeIntervalSince1970), model: coordinator.model.id)
        let answer = Answer(
            events: events, format: format(head), includeUsage: fields.streamOptions?.includeUsage ?? false,
            connection: connection)
        return fields.stream ? answer.streamed() : try await answer.whole()
    }

    private func randomName() -> String {
        var generator = SystemRandomNumberGenerator()
        let digits = Array("0123456789abcdefghijklmnopqrstuvwxyz")
        return String((0..<24).map { _ in digits.randomElement(using: &generator)! })
    }
}
