import NIOCore
import Synchronization
import Wire

/// What waits for one side of an in-process link. Thread safety: everything may be called from any thread.
final class InProcessInbox: Sendable {
    private enum Item {
        case opened
        case frame(Frame, bytes: Int, whenWritten: (@Sendable (Bool) -> Void)?)
        case closed(TransportError?)

        var isFrame: Bool {
            if case .frame = self { true } else { false }
        }
    }

    private struct State {
        var items: [Item] = []
        var handler: (any LinkHandler)?
        var link: InProcessLink?
        var isDraining = false
        var isReading = true
        var hasEnded = false
        var pendingBytes = 0
    }

    private let state: Mutex<State>

    init(handler: any LinkHandler) {
        state = Mutex(State(handler: handler))
    }

    var pendingBytes: Int { state.withLock { $0.pendingBytes } }

    func open(_ link: InProcessLink) {
        state.withLock { state in
            state.link = link
            state.items.insert(.opened, at: 0)
        }
        drain()
    }

    func put(_ frame: Frame, whenWritten: (@Sendable (Bool) -> Void)?) {
        let bytes = frame.bulkBytes
        let isTaken = state.withLock { state in
            if state.hasEnded { return false }
            state.pendingBytes += bytes
            state.items.append(.frame(frame, bytes: bytes, whenWritten: whenWritten))
            return true
        }
        guard isTaken else {
            whenWritten?(false)
            return
        }
        drain()
    }

    /// Lets nothing more in, and the end be the last that is delivered; false when that was done before.
    ///
    /// - Parameter dropping: whether frames that wait are dropped: true when the side that is to get them has closed.
    @discardableResult
    func end(error: TransportError?, dropping: Bool) -> Bool {
        let (isFirst, dropped) = state.withLock { state -> (Bool, [Item]) in
            var dropped: [Item] = []
            if dropping {
                state.pendingBytes = 0
                dropped = state.items.filter(\.isFrame)
                state.items.removeAll(where: \.isFrame)
            }
            guard !state.hasEnded else { return (false, dropped) }
            state.hasEnded = true
            state.items.append(.closed(error))
            return (true, dropped)
        }
        for case .frame(_, _, let whenWritten) in dropped { whenWritten?(false) }
        return isFirst
    }

    /// Stops or goes on with delivering frames; the end is delivered all the same once no frame waits before it.
    func setReading(_ isReading: Bool) {
        state.withLock { $0.isReading = isReading }
        if isReading { drain() }
    }

    /// Delivers what waits, unless another call does.
    func drain() {
        let isMine = state.withLock { state in
            guard !state.isDraining, state.link != nil else { return false }
            state.isDraining = true
            return true
        }
        guard isMine else { return }
        while true {
            let (item, handler, link) = state.withLock { state -> (Item?, (any LinkHandler)?, InProcessLink?) in
                let isHeld = !state.isReading && state.items.first?.isFrame == true
                let next = state.items.isEmpty || isHeld ? nil : state.items.removeFirst()
                if next == nil { state.isDraining = false }
                return (next, state.handler, state.link)
            }
            guard let item, let handler, let link else { return }
            switch item {
            case .opened:
                handler.opened(link)
            case .frame(let frame, let bytes, let whenWritten):
                handler.received(frame, on: link)
                state.withLock { $0.pendingBytes = max(0, $0.pendingBytes - bytes) }
                whenWritten?(true)
            case .closed(let error):
                handler.closed(link, error: error)
                state.withLock { state in
                    state.handler = nil
                    state.link = nil
                }
            }
        }
    }
}

extension Frame {
    fileprivate var bulkBytes: Int {
        switch self {
        case .control: 0
        case .step(let step): step.payload.readableBytes
        case .piece(let piece): piece.bytes.readableBytes
        case .cache(let piece): piece.bytes.readableBytes
        }
    }
}
