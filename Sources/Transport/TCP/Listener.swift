import NIOCore
import Synchronization

/// A port that links are taken on.
package final class Listener: Sendable {
    /// Where it listens, with the port that was really taken.
    package let boundEndpoint: Endpoint

    private let channel: any Channel
    private let links: AcceptedLinks

    init(boundEndpoint: Endpoint, channel: any Channel, links: AcceptedLinks) {
        self.boundEndpoint = boundEndpoint
        self.channel = channel
        self.links = links
    }

    /// Stops listening and closes every link that was taken; returns when they are closed.
    package func close() async {
        // An error says that it is closed already.
        try? await channel.close().get()
        for closing in links.closeAll() { try? await closing.get() }
    }
}

/// The open links of a listener.
final class AcceptedLinks: Sendable {
    private struct State {
        var isClosed = false
        var links: [ObjectIdentifier: (link: TCPLink, closing: EventLoopFuture<Void>)] = [:]
    }

    private let state = Mutex(State())

    func insert(_ link: TCPLink, closing: EventLoopFuture<Void>) {
        let isTooLate = state.withLock { state in
            if !state.isClosed { state.links[ObjectIdentifier(link)] = (link, closing) }
            return state.isClosed
        }
        if isTooLate { return link.close() }
        closing.whenComplete { _ in
            self.state.withLock { _ = $0.links.removeValue(forKey: ObjectIdentifier(link)) }
        }
    }

    func closeAll() -> [EventLoopFuture<Void>] {
        let open = state.withLock { state in
            state.isClosed = true
            return Array(state.links.values)
        }
        for entry in open { entry.link.close() }
        return open.map(\.closing)
    }
}
