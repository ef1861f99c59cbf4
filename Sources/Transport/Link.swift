package import Wire

/// One open connection to a peer, over TCP or within the process; both behave the same.
///
/// Frames of one link arrive in the order in which they were sent. `Ping`, `Pong` and `Goodbye` are the transport's own
/// business: they reach no handler. Thread safety: everything may be called from any thread.
package protocol Link: AnyObject, Sendable {
    /// Who is on the other side.
    var peer: PeerIdentity { get }

    /// The bytes that were given to `send` and have not reached the operating system (in-process: the peer's handler).
    var pendingBytes: Int { get }

    /// Sends a frame; never blocks.
    ///
    /// The order of calls from one thread is kept. After the link has closed, the frame is dropped. A frame that the
    /// protocol does not allow closes the link with an `invalidFrame` error.
    /// - Parameter whenWritten: called once, on any thread, when the frame has left this process (true) or been dropped.
    func send(_ frame: Frame, whenWritten: (@Sendable (Bool) -> Void)?)

    /// Times the way of what is sent next, and tells once how long it took until the peer had it. Tells nothing within a process, while
    /// another frame is timed, or when the link ends meanwhile.
    ///
    /// - Parameter tell: called on the link's thread.
    func timeArrival(_ tell: @escaping @Sendable (Duration) -> Void)

    /// Stops taking frames, or goes on: what the peer sends meanwhile waits on its side, and is not silence.
    ///
    /// A few frames that had come before may still be delivered after a call from another thread than the handler's.
    func setReading(_ isReading: Bool)

    /// Closes the link after what was sent before; the peer learns that it was on purpose.
    ///
    /// No frame is delivered to this side's handler afterwards (one whose delivery has already begun may still be in
    /// progress on another thread); its `closed` is called with no error.
    func close()
}

extension Link {
    /// Sends a frame; never blocks.
    package func send(_ frame: Frame) { send(frame, whenWritten: nil) }

    /// Sends a control message; never blocks.
    package func send(_ body: ControlBody, request: UInt64 = 0) {
        send(.control(ControlMessage(request: request, body: body)), whenWritten: nil)
    }
}

/// The owner of one side of a link.
///
/// Calls for one link come one after another, never at the same time: `opened`, any number of `received`, `closed` once.
/// They come on the link's event loop or its `reader` (TCP) or on a sender's thread (in-process) and must return quickly: hand work over.
/// A link keeps its handler until it has closed.
package protocol LinkHandler: AnyObject, Sendable {
    /// The link is open; frames may be sent. Called before `connect` returns the link.
    func opened(_ link: any Link)

    /// A frame came.
    func received(_ frame: Frame, on link: any Link)

    /// The link is closed: without an error when this side closed it, else with the reason.
    func closed(_ link: any Link, error: TransportError?)

    /// The thread that works on steps that come, where it may read the link itself; asked on the event loop.
    var reader: (any LinkReader)? { get }
}

extension LinkHandler {
    package func opened(_ link: any Link) {}

    package var reader: (any LinkReader)? { nil }
}
