import Synchronization
import Transport
import Wire

/// The other end of a worker's link in tests: asks, and keeps what comes until it is asked for.
final class WorkerProbe: LinkHandler {
    private struct State {
        var frames: [Frame] = []
        var lastRequest: UInt64 = 0
        var waiting: [(wanted: @Sendable (Frame) -> Bool, reader: CheckedContinuation<Frame?, Never>)] = []
        var isClosed = false
    }

    private let state = Mutex(State())

    /// Sends a request and gives its reply; nil when the link ends first.
    func ask(_ body: ControlBody, on link: any Link) async -> ControlBody? {
        let request = state.withLock { state in
            state.lastRequest += 1
            return state.lastRequest
        }
        link.send(body, request: request)
        let reply = await frame {
            if case .control(let message) = $0 { message.request == request } else { false }
        }
        if case .control(let message) = reply { return message.body }
        return nil
    }

    /// The next step that came; nil when a step has failed instead, or the link ended.
    func step() async -> StepFrame? {
        let found = await frame {
            switch $0 {
            case .step: true
            case .control(let message): if case .stepFailed = message.body { true } else { false }
            case .piece, .cache: false
            }
        }
        if case .step(let step) = found { return step }
        return nil
    }

    /// The next control message that answers no request and is no progress.
    func notice() async -> ControlBody? {
        let found = await frame {
            guard case .control(let message) = $0, message.request == 0 else { return false }
            if case .stageProgress = message.body { return false }
            return true
        }
        if case .control(let message) = found { return message.body }
        return nil
    }

    /// Takes the first frame that fits, waiting for it; nil when the link ends first.
    func frame(where wanted: @escaping @Sendable (Frame) -> Bool) async -> Frame? {
        await withCheckedContinuation { reader in
            let now = state.withLock { state -> Frame?? in
                if let index = state.frames.firstIndex(where: wanted) { return state.frames.remove(at: index) }
                if state.isClosed { return .some(nil) }
                state.waiting.append((wanted, reader))
                return nil
            }
            if let now { reader.resume(returning: now) }
        }
    }

    /// The frames that nobody has asked for.
    var unread: [Frame] { state.withLock { $0.frames } }

    func received(_ frame: Frame, on link: any Link) {
        let reader = state.withLock { state -> CheckedContinuation<Frame?, Never>? in
            guard let index = state.waiting.firstIndex(where: { $0.wanted(frame) }) else {
                state.frames.append(frame)
                return nil
            }
            return state.waiting.remove(at: index).reader
        }
        reader?.resume(returning: frame)
    }

    func closed(_ link: any Link, error: TransportError?) {
        let readers = state.withLock { state in
            state.isClosed = true
            defer { state.waiting = [] }
            return state.waiting.map(\.reader)
        }
        for reader in readers { reader.resume(returning: nil) }
    }
}
