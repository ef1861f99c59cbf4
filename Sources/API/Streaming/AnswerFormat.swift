import CoordinatorCore

/// How one of the two generating paths writes its answers.
protocol AnswerFormat: Sendable {
    associatedtype Whole: Encodable & Sendable
    associatedtype Chunk: Encodable & Sendable

    /// Before the first token; nil for nothing.
    func opening() -> Chunk?
    /// A piece of the answer's text.
    func piece(_ text: String) -> Chunk
    /// Why the answer ended.
    func ending(_ reason: FinishReason) -> Chunk
    /// The chunk after the ending, when it was asked for.
    func usage(_ usage: UsageBody) -> Chunk
    /// The whole answer at once.
    func whole(_ text: String, reason: FinishReason, usage: UsageBody) -> Whole
}

/// What every piece of an answer repeats.
struct AnswerHead: Sendable {
    var id: String
    /// Seconds since 1970.
    var created: Int
    var model: String
}
