import Dispatch
import Identity
import Synchronization
import Transport
import Wire

/// The coordinator's end of a link of role `JOIN`: one request, one answer.
final class JoinLink: LinkHandler {
    private let service: JoinService
    private let hasAsked = Atomic<Bool>(false)
    private let isClosed = Atomic<Bool>(false)

    init(service: JoinService) { self.service = service }

    func opened(_ link: any Link) {
        service.queue.asyncAfter(deadline: .now() + service.patience) { [weak link] in link?.close() }
    }

    func received(_ frame: Frame, on link: any Link) {
        guard case .control(let message) = frame, case .joinRequest(let request) = message.body,
            !hasAsked.exchange(true, ordering: .relaxed)
        else { return link.close() }
        service.queue.async { [self] in
            // Nobody would get the answer: the token is not used up for it.
            guard !isClosed.load(ordering: .relaxed) else { return }
            // One that was removed, and showed that it is that device, need not ask again.
            if let removed = link.peer.removed, request.secret.isEmpty {
                let version = service.security.revoked.version
                link.send(.revocations(Revocations(version: version, devices: [removed.id])), request: 0)
            }
            link.send(service.answer(request, from: link.peer), request: message.request)
        }
    }

    func closed(_ link: any Link, error: TransportError?) { isClosed.store(true, ordering: .relaxed) }
}
