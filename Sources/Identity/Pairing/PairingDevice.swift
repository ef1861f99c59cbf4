/// The side of the device that waits, from when it has its place: messages in, actions out.
///
/// Everything that is out of turn ends it. Each opening is one try for whoever sent it; there are three.
package struct PairingDevice: Sendable {
    package static let tries = 3

    /// What to do next.
    package enum Action: Sendable, Hashable {
        case answer(PairingProof)
        /// A code was typed that is not this device's; so many more may be.
        case wait(triesLeft: Int)
        /// The other side knows the code: with this secret the device joins the authority's cluster.
        case join(secret: [UInt8], statement: PairingStatement)
        case end(Failure)
    }

    package enum Failure: Sendable, Hashable {
        case tooManyTries
        /// The other side does not have the key that it should have.
        case notAuthentic
        /// A message that is out of turn, or cannot be right.
        case violation
    }

    private enum State {
        case waiting
        case answered(PairingKey, PairingOpening)
        case ended
    }

    private let code: PairingCode
    private let context: PairingContext
    private var state = State.waiting
    private var triesLeft = Self.tries

    package init(code: PairingCode, context: PairingContext) {
        self.code = code
        self.context = context
    }

    /// A code was typed for this device.
    package mutating func received(_ opening: PairingOpening) -> Action {
        guard case .waiting = state, triesLeft > 0, opening.session.count == PairingOpening.sessionBytes,
            opening.statement.fingerprint.count == 32
        else { return end(.violation) }
        triesLeft -= 1
        let half = CPace.Half(password: code.bytes, channel: context.channel, session: opening.session)
        guard half.share != opening.share,
            let key = CPace.key(
                own: half, other: opening.share, session: opening.session, initiator: opening.message,
                responder: PairingProof.message(half.share))
        else { return end(.violation) }
        let common = PairingKey(key: key, session: opening.session)
        state = .answered(common, opening)
        return .answer(
            PairingProof(
                share: half.share, confirmation: common.confirmation(of: PairingProof.message(half.share))))
    }

    /// The coordinator has looked at the answer.
    ///
    /// - Parameter confirmation: its proof of the key; empty where it found that the code was another.
    package mutating func received(confirmation: [UInt8]) -> Action {
        guard case .answered(let key, let opening) = state else { return end(.violation) }
        if confirmation.isEmpty {
            guard triesLeft > 0 else { return end(.tooManyTries) }
            state = .waiting
            return .wait(triesLeft: triesLeft)
        }
        guard ConstantTime.areEqual(confirmation, key.confirmation(of: opening.message)) else {
            return end(.notAuthentic)
        }
        state = .ended
        return .join(secret: key.joinSecret, statement: opening.statement)
    }

    private mutating func end(_ failure: Failure) -> Action {
        state = .ended
        return .end(failure)
    }
}
