/// The requests of a connection that are not answered to their end, and which word in between (RFC 9110, 15.2) the first of them is due.
///
/// Answers come in the order of the requests, so only the first can be told anything. A value.
package struct Exchanges: Sendable {
    /// A request's head, as far as it counts here.
    package struct Request: Sendable {
        /// HTTP/1.1 or later: earlier clients take no word in between.
        package var takesInterim: Bool
        /// The client sends its body only when it is told to go on (`Expect: 100-continue`), or tired of waiting.
        package var awaitsContinue: Bool

        package init(takesInterim: Bool, awaitsContinue: Bool = false) {
            self.takesInterim = takesInterim
            self.awaitsContinue = awaitsContinue && takesInterim
        }
    }

    private var open: ArraySlice<Request> = []
    /// Whether the first one's answer has begun.
    private var hasBegun = false
    /// Whether the client has closed its sending side.
    private var isHalfClosed = false

    package init() {}

    /// Requests that are not answered to their end.
    package var count: Int { open.count }

    /// A request's head has come.
    /// - Returns: whether the client is to be told to go on now.
    package mutating func arrived(_ request: Request) -> Bool {
        open.append(request)
        return open.count == 1 && request.awaitsContinue
    }

    /// The head of the first one's answer is written.
    package mutating func began() { hasBegun = true }

    /// The first one's answer is written to its end.
    /// - Returns: whether the client is to be told to go on with the next one.
    package mutating func ended() -> Bool {
        open = open.dropFirst()
        hasBegun = false
        return open.first?.awaitsContinue ?? false
    }

    /// Whether the connection closes with the first one's answer: clients before HTTP/1.1 take that for its end.
    package var closesWithAnswer: Bool { open.first?.takesInterim == false }

    /// The client has closed its sending side, and may have gone altogether: only writing tells.
    package mutating func halfClosed() { isHalfClosed = true }

    /// Whether a word in between may be written, and is needed to find out whether the client is there. What is written of an answer
    /// that has begun tells by itself.
    package var isProbed: Bool { isHalfClosed && !hasBegun && open.first?.takesInterim == true }

    /// Whether the client must be taken for gone, as nothing can be written to find out.
    package var isLost: Bool { isHalfClosed && !hasBegun && open.first?.takesInterim == false }
}
