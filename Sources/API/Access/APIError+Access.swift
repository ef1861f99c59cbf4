import Hummingbird

extension APIError {
    /// No key, or a wrong one.
    static func unauthorized(_ message: String) -> APIError {
        .invalidRequest(message, code: "invalid_api_key", status: .unauthorized)
    }

    /// A key has reached one of its limits.
    static func rateLimited(_ refusal: KeyUsage.Refusal) -> APIError {
        let (message, seconds) =
            switch refusal {
            case .rate(let limit, let wait):
                ("this key may ask \(limit) times a minute", max(1, Int((wait / .seconds(1)).rounded(.up))))
            case .concurrency(let limit):
                ("this key may have \(limit) \(limit == 1 ? "answer" : "answers") at a time", 1)
            }
        return APIError(
            status: .tooManyRequests, message: "\(message); try again in \(seconds) s", kind: "requests",
            code: "rate_limit_exceeded", retryAfter: seconds)
    }
}
