package import CoordinatorCore
import Synchronization
package import Tokenizer

/// All events of one answer.
package struct CollectedAnswer: Sendable, Equatable {
    package var tokens: [TokenID] = []
    package var text = ""
    package var reason: FinishReason?
    package var usage: GenerationUsage?
    package var error: CoordinatorError?
    /// How many went before it, each time that this was told.
    package var places: [Int] = []

    /// Reads an answer to its end.
    package init(_ events: AsyncStream<GenerationEvent>) async {
        for await event in events { add(event) }
    }

    /// An answer without events.
    package init() {}

    package mutating func add(_ event: GenerationEvent) {
        switch event {
        case .queued(let before): places.append(before)
        case .token(let token, let piece):
            tokens.append(token)
            text += piece
        case .text(let piece): text += piece
        case .finished(let reason, let usage): (self.reason, self.usage) = (reason, usage)
        case .failed(let error): self.error = error
        }
    }

    /// Whether tokens, text and reason are equal; times are not compared.
    package func says(_ other: CollectedAnswer) -> Bool {
        tokens == other.tokens && text == other.text && reason == other.reason && error == other.error
    }
}

extension Coordinator {
    /// The whole answer to a request.
    package func answer(_ request: GenerationRequest) async throws -> CollectedAnswer {
        await CollectedAnswer(try generate(request))
    }

    /// The logits of every position, `[positions, vocabulary]`.
    package func logits(of tokens: [TokenID], chunk: Int? = nil) async throws -> [Float] {
        let rows = Mutex<[Float]>([])
        try await score(tokens, chunk: chunk) { part in rows.withLock { $0 += part } }
        return rows.withLock { $0 }
    }

    /// Waits until no sequence holds a KV cache or waits for one. A time limit belongs on the test.
    package func becomesIdle() async throws {
        while true {
            let report = await report()
            if report.runningSequences == 0 && report.waitingSequences == 0 { return }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Waits until the readiness is as wanted. A time limit belongs on the test.
    package func becomes(where isWanted: (Readiness) -> Bool) async throws {
        while !isWanted(readiness) { try await Task.sleep(for: .milliseconds(5)) }
    }

    /// Waits until a device is connected. A time limit belongs on the test.
    package func whenConnected(_ device: String) async throws -> Coordinator {
        while await report().devices.first(where: { $0.name == device })?.connected != true {
            try await Task.sleep(for: .milliseconds(10))
        }
        return self
    }
}
