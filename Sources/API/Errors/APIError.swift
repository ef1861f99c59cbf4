package import Hummingbird

/// An error as clients of OpenAI's API know it: a status, a kind, and the parameter and code where there is one.
package struct APIError: Error, Sendable, Equatable {
    /// The HTTP status.
    package var status: HTTPResponse.Status
    /// The cause and the mend, for people.
    package var message: String
    /// OpenAI's kind of error, such as `invalid_request_error`.
    package var kind: String
    /// The parameter at fault, such as `messages[0].content`.
    package var parameter: String?
    /// A word for programs, such as `model_not_found`.
    package var code: String?
    /// After how many seconds asking again may help.
    package var retryAfter: Int?
    /// The methods that the path does have, for a wrong method.
    package var allowedMethods: [String] = []

    /// A request that is wrong and will stay so.
    package static func invalidRequest(
        _ message: String, parameter: String? = nil, code: String? = nil, status: HTTPResponse.Status = .badRequest
    ) -> APIError {
        APIError(status: status, message: message, kind: "invalid_request_error", parameter: parameter, code: code)
    }

    /// A parameter that is known and not supported here.
    package static func unsupported(_ parameter: String, _ message: String) -> APIError {
        invalidRequest(message, parameter: parameter, code: "unsupported_parameter")
    }

    /// No model answers now.
    package static func unavailable(_ reason: String) -> APIError {
        APIError(
            status: .serviceUnavailable, message: reason, kind: "server_error", code: "model_not_ready", retryAfter: 2)
    }

    /// More requests wait than may.
    package static func queueFull(_ reason: String) -> APIError {
        APIError(
            status: .serviceUnavailable, message: reason, kind: "server_error", code: "queue_full", retryAfter: 10)
    }

    /// More is asked at a time than can be taken.
    package static func busy(_ reason: String) -> APIError {
        APIError(status: .serviceUnavailable, message: reason, kind: "server_error", code: "busy", retryAfter: 1)
    }

    /// A failure on this side.
    package static func serverError(_ message: String) -> APIError {
        APIError(status: .internalServerError, message: message, kind: "server_error", code: "internal_error")
    }

    /// The error as a body in OpenAI's shape.
    package var body: ErrorBody {
        ErrorBody(error: .init(message: message, type: kind, parameter: parameter, code: code))
    }
}

extension APIError: HTTPResponseError {
    /// The error as a response.
    package func response(from request: Request, context: some RequestContext) throws -> Response {
        var response = try Response.json(body, status: status)
        if status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer realm=\"shoal\"" }
        if let retryAfter { response.headers[.retryAfter] = "\(retryAfter)" }
        if !allowedMethods.isEmpty { response.headers[.allow] = allowedMethods.joined(separator: ", ") }
        return response
    }
}
