import CoordinatorCore
import Hummingbird
import Tokenizer

/// `POST /v1/completions`
struct CompletionsRoute: Sendable {
    let service: APIService

    func respond(to request: Request, context: APIContext) async throws -> Response {
        let body = try await request.json(CompletionRequest.self, client: context.client)
        let coordinator = try service.check(body.fields)
        let grammar = try await service.grammar(of: body.fields, for: coordinator, context: context)
        return try await service.respond(
            by: coordinator, prompt: tokens(of: body.prompt, by: coordinator, context: context),
            fields: body.fields, grammar: grammar, idPrefix: "cmpl",
            context: context, format: TextAnswer.init)
    }

    /// A text begins as the model wants it to, and control tokens in it are text; ids are taken as they are.
    private func tokens(
        of prompt: CompletionPrompt, by coordinator: Coordinator, context: APIContext
    ) async throws(APIError) -> [TokenID] {
        guard let tokenizer = coordinator.model.tokenizer else {
            throw .unavailable("the model is served without its tokenizer")
        }
        switch prompt {
        case .text(let text):
            return try await service.prompt(texts: text.utf8.count, for: coordinator, context: context) { _, time in
                tokenizer.encode(text, addSpecial: true, goesOn: { time.goesOn })
            }
        case .tokens(let tokens):
            if let wrong = tokens.first(where: { $0 >= tokenizer.vocabularySize }) {
                throw .invalidRequest(
                    "prompt: \(wrong) is not a token of this model; it has \(tokenizer.vocabularySize)",
                    parameter: "prompt")
            }
            return tokens
        }
    }
}
