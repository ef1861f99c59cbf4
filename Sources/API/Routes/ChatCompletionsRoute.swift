import Hummingbird

/// `POST /v1/chat/completions`
struct ChatCompletionsRoute: Sendable {
    let service: APIService

    func respond(to request: Request, context: APIContext) async throws -> Response {
        let body = try await request.json(ChatCompletionRequest.self)
        let coordinator = try service.check(body.fields)
        guard let chatPrompt = service.chatPrompt(of: coordinator) else {
            throw APIError.invalidRequest(
                "the model has no chat template; use /v1/completions", code: "no_chat_template")
        }
        return try await service.respond(
            by: coordinator, prompt: chatPrompt.tokens(of: body.messages), fields: body.fields, idPrefix: "chatcmpl",
            peer: context.peer,
            connection: context.connectionWatch(), format: ChatAnswer.init)
    }
}
