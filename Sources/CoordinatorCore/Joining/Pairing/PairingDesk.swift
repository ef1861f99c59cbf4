import ClusterStore
import Identity
import Synchronization
import Transport
import Wire

/// The devices that wait to be let in by a code, with their links. Safe from any thread.
final class PairingDesk: Sendable {
    /// What comes of a code that was typed.
    enum Outcome: Sendable {
        /// The device shows another code; so many more may be typed for it.
        case wrongCode(triesLeft: Int)
        /// It shows this code, and is about to join.
        case admitted
        case joined(name: String, address: String)
        /// It shows this code, and is not taken for another reason.
        case refused(String)
        /// It went away, or said what no device says.
        case gone
        case silent
    }

    typealias Outcomes = AsyncStream<Outcome>.Continuation

    private struct Waiting {
        let device: WaitingPlaces.Device
        let link: any Link
        var exchange: PairingCoordinator
        /// Who typed a code for it now.
        var asker: Outcomes?
    }

    private struct State {
        var places: WaitingPlaces
        var waiting: [Int: Waiting] = [:]
        /// Who waits for a device to join, by the hash of its secret.
        var askers: [[UInt8]: Outcomes] = [:]
    }

    private let state: Mutex<State>

    init(_ bounds: WaitingPlaces.Bounds = .init()) {
        state = Mutex(State(places: WaitingPlaces(bounds, letters: PairingCode.places)))
    }

    /// Those that wait, the longest first.
    func devices(now: Int64) -> [WaitingDevice] {
        state.withLock { state in
            state.places.inOrder.map {
                WaitingDevice(name: $0.name, address: $0.host, seconds: Int(clamping: max(0, now - $0.since)))
            }
        }
    }

    /// A device asks to wait, over a link.
    ///
    /// - Returns: its place; `nil` where there is none.
    func ask(_ request: PairingRequest, host: String, certificate: [UInt8], now: Int64, over link: any Link) -> Int? {
        let context = PairingContext(certificate: certificate, name: request.name, port: Int(request.port))
        let (place, leaving) = state.withLock { state -> (Int?, Waiting?) in
            let admission = state.places.ask(
                name: request.name, host: host, port: Int(request.port), now: now,
                choose: { Int.random(in: 0..<$0) })
            guard case .waits(let device, let instead) = admission else { return (nil, nil) }
            let leaving = instead.flatMap { state.waiting.removeValue(forKey: $0.place) }
            state.waiting[device.place] = Waiting(
                device: device, link: link, exchange: PairingCoordinator(context: context))
            return (device.place, leaving)
        }
        leaving?.asker?.yield(.gone)
        leaving?.link.close()
        return place
    }

    /// A link is closed: its device waits no more.
    func closed(_ link: any Link) {
        let asker = state.withLock { state -> Outcomes? in
            guard let place = Self.place(of: link, state) else { return nil }
            state.places.leave(place)
            return state.waiting.removeValue(forKey: place)?.asker
        }
        asker?.yield(.gone)
    }

    enum Opening: Sendable {
        case opened(WaitingPlaces.Device)
        /// No device has the code's place.
        case nobody
        /// Another code is being tried for the device.
        case busy
    }

    /// Somebody typed a code: the device of its place, and no other, is asked to prove that it shows it.
    ///
    /// - Parameter outcomes: is told what comes of it.
    func typed(_ code: PairingCode, statement: PairingStatement, outcomes: Outcomes) -> Opening {
        let (opening, share) = state.withLock { state -> (Opening, (any Link, PairingOpening)?) in
            guard var waiting = state.waiting[code.place] else { return (.nobody, nil) }
            guard waiting.asker == nil, waiting.exchange.isOpen else { return (.busy, nil) }
            let opening = waiting.exchange.typed(code, statement: statement)
            waiting.asker = outcomes
            state.waiting[code.place] = waiting
            return (.opened(waiting.device), (waiting.link, opening))
        }
        if let (link, opening) = share {
            link.send(
                .pairingShare(
                    PairingShare(
                        session: opening.session, share: opening.share, fingerprint: statement.fingerprint,
                        clockSeconds: statement.seconds)))
        }
        return opening
    }

    /// A device answered.
    ///
    /// - Parameter admit: makes its secret good for joining; gives until when, in seconds since 1970, or `nil` where that cannot be.
    func answered(_ answer: PairingAnswer, over link: any Link, admit: (_ secret: [UInt8]) -> Int64?) {
        let (action, asker) = state.withLock { state -> (PairingCoordinator.Action, Outcomes?) in
            guard let place = Self.place(of: link, state), var waiting = state.waiting[place] else {
                return (.end, nil)
            }
            let action = waiting.exchange.received(
                PairingProof(share: answer.share, confirmation: answer.confirmation))
            let asker = waiting.asker
            // Another code is taken when the device knows of this one: it would get them in the wrong order else.
            if case .refuse = action {} else { waiting.asker = nil }
            state.waiting[place] = waiting
            if case .admit(let secret, _) = action { state.askers[JoinToken.hash(secret: secret)] = asker }
            return (action, asker)
        }
        switch action {
        case .admit(let secret, let confirmation):
            guard let expires = admit(secret) else {
                finished(
                    JoinToken.hash(secret: secret),
                    .refused("the coordinator cannot take devices now; its log says why"))
                return link.close()
            }
            asker?.yield(.admitted)
            link.send(
                .pairingConfirmation(
                    PairingConfirmation(confirmation: confirmation, expires: UInt64(clamping: expires))))
        case .refuse(let triesLeft):
            link.send(
                .pairingConfirmation(PairingConfirmation(confirmation: [], tries: UInt32(clamping: triesLeft))))
            state.withLock { state in
                if let place = Self.place(of: link, state) { state.waiting[place]?.asker = nil }
            }
            asker?.yield(.wrongCode(triesLeft: triesLeft))
            if triesLeft == 0 { link.close() }
        case .end:
            asker?.yield(.gone)
            link.close()
        }
    }

    /// A device that was let in has joined, or was refused.
    func finished(_ secretHash: [UInt8], _ outcome: Outcome) {
        state.withLock { $0.askers.removeValue(forKey: secretHash) }?.yield(outcome)
    }

    /// Nobody waits any more for what comes of a code.
    func gaveUp(_ device: WaitingPlaces.Device) {
        state.withLock { state in
            guard state.waiting[device.place]?.device == device else { return }
            state.waiting[device.place]?.asker = nil
        }
    }

    private static func place(of link: any Link, _ state: State) -> Int? {
        state.waiting.first { $0.value.link === link }?.key
    }
}
