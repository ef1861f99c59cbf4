import Dispatch
import Identity
import Synchronization
import Transport
import Wire

/// The coordinator's end of a link of role `JOIN`: one request, one answer; a device that waits for its code to be typed stays longer.
final class JoinLink: LinkHandler {
    private let service: JoinService
    /// The coordinator's certificate when the link was opened, in DER.
    private let certificate: [UInt8]
    private let hasAsked = Atomic<Bool>(false)
    private let isWaiting = Atomic<Bool>(false)
    private let isClosed = Atomic<Bool>(false)

    init(service: JoinService) {
        self.service = service
        certificate = service.security.credentials.certificate.der
    }

    func opened(_ link: any Link) {
        service.queue.asyncAfter(deadline: .now() + service.patience) { [weak link, self] in
            if !waits { link?.close() }
        }
    }

    private var waits: Bool { isWaiting.load(ordering: .relaxed) }

    func received(_ frame: Frame, on link: any Link) {
        guard case .control(let message) = frame else { return link.close() }
        switch message.body {
        case .joinRequest(let request) where isFirst:
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
        case .pairingRequest(let request) where isFirst:
            service.queue.async { [self] in
                guard !isClosed.load(ordering: .relaxed) else { return }
                wait(request, number: message.request, on: link)
            }
        case .pairingAnswer(let answer):
            service.queue.async { [self] in service.answered(answer, over: link) }
        default: link.close()
        }
    }

    func closed(_ link: any Link, error: TransportError?) {
        isClosed.store(true, ordering: .relaxed)
        service.queue.async { [self] in service.desk.closed(link) }
    }

    private var isFirst: Bool { !hasAsked.exchange(true, ordering: .relaxed) }

    private func wait(_ request: PairingRequest, number: UInt64, on link: any Link) {
        let (answer, waits) = service.wait(request, over: link, certificate: certificate)
        if waits {
            isWaiting.store(true, ordering: .relaxed)
            service.queue.asyncAfter(deadline: .now() + .seconds(service.pairingSeconds)) { [weak link] in
                link?.close()
            }
        }
        link.send(answer, request: number)
    }
}
