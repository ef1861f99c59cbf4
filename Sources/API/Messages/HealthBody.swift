/// The answer of `GET /health`.
package struct HealthBody: Codable, Sendable, Equatable {
    /// `ok`, `starting` or `unavailable`.
    package var status: String
    /// Why it is not `ok`.
    package var message: String?
}
