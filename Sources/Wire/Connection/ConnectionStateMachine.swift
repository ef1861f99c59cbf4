/// The life of one connection, from the handshake on: events in, actions out, no I/O and no clock.
///
/// States: `idle` → `awaitingAnswer` (dialing) or `awaitingHello` → `deciding` (accepting) → `open` → `closed`. Bad events
/// are of three kinds: the peer's violation gives an action `close` with a typed error; what comes after the end is
/// dropped silently; the owner's own misuse traps.
package struct ConnectionStateMachine: Sendable {
    /// What the owner has to do.
    package enum Action: Sendable, Hashable {
        /// Nothing.
        case none
        /// Send the message.
        case send(ControlMessage)
        /// Ask who listens here whether this peer is welcome, then call `decided`.
        case decide(Hello)
        /// The link is open, with this version; send the message first when there is one. (Dialing: the peer's welcome.)
        case open(version: UInt32, Welcome, send: ControlMessage?)
        /// Hand the frame on.
        case deliver(Frame)
        /// Close the connection, after having sent the message when there is one.
        case close(ConnectionError?, send: ControlMessage?)
    }

    private enum State: Sendable {
        case idle(Hello?)
        case awaitingAnswer(Hello)
        case awaitingHello
        case deciding(version: UInt32)
        case open
        case closed
    }

    private var state: State

    /// The side that dials, with what it says of itself.
    package static func dialing(_ hello: Hello) -> ConnectionStateMachine {
        ConnectionStateMachine(state: .idle(hello))
    }

    /// The side that listens.
    package static func accepting() -> ConnectionStateMachine { ConnectionStateMachine(state: .idle(nil)) }

    private init(state: State) { self.state = state }

    /// Whether the handshake is done and the connection not closed.
    package var isOpen: Bool {
        if case .open = state { true } else { false }
    }

    /// The transport is connected.
    package mutating func connected() -> Action {
        guard case .idle(let hello) = state else { preconditionFailure("connected twice") }
        if let hello {
            state = .awaitingAnswer(hello)
            return .send(ControlMessage(body: .hello(hello)))
        }
        state = .awaitingHello
        return .none
    }

    /// A frame came.
    package mutating func received(_ frame: Frame) -> Action {
        switch state {
        case .open:
            return frame.isOfHandshake ? fail(.unexpectedFrame(frame.summary)) : .deliver(frame)
        case .closed:
            return .none
        case .idle:
            preconditionFailure("a frame before the transport was connected")
        case .awaitingAnswer(let hello):
            return receivedAnswer(frame, to: hello)
        case .awaitingHello:
            guard case .control(let message) = frame, case .hello(let hello) = message.body else {
                return fail(.unexpectedFrame(frame.summary))
            }
            return receivedHello(hello)
        case .deciding:
            return fail(.unexpectedFrame(frame.summary))
        }
    }

    /// The owner's answer to `decide`.
    package mutating func decided(_ decision: Result<Welcome, Refusal>) -> Action {
        switch state {
        case .deciding(let version):
            switch decision {
            case .success(var welcome):
                welcome.version = version
                state = .open
                return .open(version: version, welcome, send: ControlMessage(body: .welcome(welcome)))
            case .failure(let refusal):
                return refuse(refusal)
            }
        case .closed:
            return .none
        case .idle, .awaitingAnswer, .awaitingHello, .open:
            preconditionFailure("a decision that was not asked for")
        }
    }

    /// The bytes that came are not frames.
    package mutating func received(_ error: WireError) -> Action {
        if case .closed = state { return .none }
        // A stream cut short within the handshake is a peer that went away, not garbage.
        if error.code == .truncated, !isOpen { return fail(.closedDuringHandshake) }
        // A hello that could be read but makes no sense, or comes from a later version, is answered.
        if case .awaitingHello = state, error.code == .valueOutOfRange {
            return refuse(Refusal(code: .badHello, message: error.message))
        }
        return fail(.wire(error))
    }

    /// The time for the handshake is over.
    package mutating func handshakeDeadlinePassed() -> Action {
        switch state {
        case .open, .closed: .none
        case .idle, .awaitingAnswer, .awaitingHello, .deciding: fail(.handshakeTimeout)
        }
    }

    /// The transport is closed, by whichever side.
    package mutating func disconnected() -> Action {
        switch state {
        case .closed:
            return .none
        case .open:
            state = .closed
            return .close(nil, send: nil)
        case .idle, .awaitingAnswer, .awaitingHello, .deciding:
            return fail(.closedDuringHandshake)
        }
    }

    private mutating func receivedAnswer(_ frame: Frame, to hello: Hello) -> Action {
        guard case .control(let message) = frame else { return fail(.unexpectedFrame(frame.summary)) }
        switch message.body {
        case .welcome(let welcome):
            guard hello.lowestVersion <= welcome.version, welcome.version <= hello.highestVersion else {
                return fail(.versionNotOffered(welcome.version))
            }
            state = .open
            return .open(version: welcome.version, welcome, send: nil)
        case .refusal(let refusal):
            return fail(.refused(refusal))
        default:
            return fail(.unexpectedFrame(frame.summary))
        }
    }

    private mutating func receivedHello(_ hello: Hello) -> Action {
        let version = min(hello.highestVersion, ProtocolVersion.highest)
        guard version >= hello.lowestVersion, version >= ProtocolVersion.lowest else {
            return refuse(.versionMismatch(with: hello))
        }
        state = .deciding(version: version)
        return .decide(hello)
    }

    private mutating func refuse(_ refusal: Refusal) -> Action {
        state = .closed
        return .close(.refusing(refusal), send: ControlMessage(body: .refusal(refusal)))
    }

    private mutating func fail(_ error: ConnectionError) -> Action {
        state = .closed
        return .close(error, send: nil)
    }
}

extension Frame {
    fileprivate var isOfHandshake: Bool {
        guard case .control(let message) = self else { return false }
        return switch message.body {
        case .hello, .welcome, .refusal: true
        default: false
        }
    }
}
