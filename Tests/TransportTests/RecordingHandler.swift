import NIOCore
import Synchronization
import Transport
import Wire

/// A link's owner that keeps what it gets and lets tests wait for it; it can answer too.
final class RecordingHandler: LinkHandler {
    enum Event: Sendable, Equatable {
        case opened
        case received(Frame)
        case closed(TransportError?)
    }

    private struct State {
        var events: [Event] = []
        var link: (any Link)?
        var overlaps = 0
        var isInside = false
        var waiting: [(condition: @Sendable ([Event]) -> Bool, promise: CheckedContinuation<[Event], Never>)] = []
    }

    private let state = Mutex(State())
    private let answer: @Sendable (Frame, any Link) -> Void
    let reader: (any LinkReader)?

    init(reader: (any LinkReader)? = nil, answer: @escaping @Sendable (Frame, any Link) -> Void = { _, _ in }) {
        self.reader = reader
        self.answer = answer
    }

    var events: [Event] { state.withLock { $0.events } }
    var frames: [Frame] { events.compactMap { if case .received(let frame) = $0 { frame } else { nil } } }
    var link: (any Link)? { state.withLock { $0.link } }
    /// How often a call came while another was at work: must stay 0.
    var overlaps: Int { state.withLock { $0.overlaps } }

    func opened(_ link: any Link) {
        state.withLock { $0.link = link }
        record(.opened) {}
    }

    func received(_ frame: Frame, on link: any Link) {
        record(.received(frame)) { answer(frame, link) }
    }

    func closed(_ link: any Link, error: TransportError?) {
        record(.closed(error)) {}
    }

    /// The events, once they satisfy the condition.
    func events(where condition: @escaping @Sendable ([Event]) -> Bool) async -> [Event] {
        await withCheckedContinuation { continuation in
            let now = state.withLock { state -> [Event]? in
                if condition(state.events) { return state.events }
                state.waiting.append((condition, continuation))
                return nil
            }
            if let now { continuation.resume(returning: now) }
        }
    }

    /// The first `count` frames, or those that came before the link closed.
    func frames(_ count: Int) async -> [Frame] {
        _ = await events { events in
            if case .closed = events.last { return true }
            return events.count { if case .received = $0 { true } else { false } } >= count
        }
        return frames
    }

    /// The link that has opened.
    func openedLink() async throws -> any Link {
        _ = await events { $0.first == .opened }
        guard let link else { throw TransportError(.connectionLost, "the link did not open") }
        return link
    }

    /// The error that the link has closed with.
    func closedError() async -> TransportError? {
        for case .closed(let error) in await events(where: { if case .closed = $0.last { true } else { false } }) {
            return error
        }
        return nil
    }

    private func record(_ event: Event, _ work: () -> Void) {
        state.withLock { state in
            if state.isInside { state.overlaps += 1 }
            state.isInside = true
        }
        work()
        let ready = state.withLock { state -> ([CheckedContinuation<[Event], Never>], [Event]) in
            state.isInside = false
            state.events.append(event)
            let events = state.events
            let ready = state.waiting.filter { $0.condition(events) }.map(\.promise)
            state.waiting.removeAll { $0.condition(events) }
            return (ready, events)
        }
        for continuation in ready.0 { continuation.resume(returning: ready.1) }
    }
}
