import Hummingbird
import Logging
import NIOHTTP1

/// Turns every error of a route, and every path and method that has none, into a response in OpenAI's shape.
struct ErrorMiddleware: RouterMiddleware {
    /// The methods of every path there is.
    let table: RouteTable

    @concurrent func handle(
        _ request: Request, context: APIContext, next: @concurrent (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            return try apiError(for: error, request: request, logger: context.logger).response(
                from: request, context: context)
        }
    }

    private func apiError(for error: any Error, request: Request, logger: Logger) -> APIError {
        switch error {
        case let error as APIError:
            if error.status == .internalServerError { logger.error("\(error.message)") }
            return error
        case is CancellationError:
            return .serverError("the request was given up")
        case let error as HTTPParserError:
            return .invalidRequest("the body is not sent as HTTP/1.1 has it: \(error)", code: "invalid_http")
        case let error as any HTTPResponseError:
            return table.apiError(for: error.status, method: request.method.rawValue, path: request.uri.path)
        default:
            // What the error says may name files of this machine: it goes to the log only.
            logger.error("\(request.method) \(request.uri.path): \(error)")
            return .serverError("an internal error; the server's log says more")
        }
    }
}
