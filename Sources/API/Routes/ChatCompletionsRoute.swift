import Hummingbird

/// `POST /v1/chat/completions`
struct ChatCompletionsRoute: Sendable {
    let service: APIService

    func respond(to request: Request, context: APIContext) async throws -> Response {
        let body = try await request.json(ChatCompletionRequest.self, client: context.client)
        let coordinator = try service.check(body.fields)
        let grammar = try await service.grammar(of: body.fields, for: coordinator, context: context)
        let messages = body.messages
        let prompt = try await service.prompt(
            texts: messages.reduce(0) { $0 + $1.content.utf8.count }, pieces: messages.count, for: coordinator,
            context: context
        ) { [service] limit, time throws(APIError) in
            try service.chatPrompt(of: coordinator).tokens(of: messages, limit: limit, time: time)
        }
        return try await service.respond(
            by: coordinator, prompt: prompt, fields: body.fields, grammar: grammar, idPrefix: "chatcmpl",
            context: context, format: ChatAnswer.init)
    }
}
