/// The coordinator's side towards one device that waits: codes and messages in, actions out.
package struct PairingCoordinator: Sendable {
    /// What comes of the device's answer.
    package enum Action: Sendable, Hashable {
        /// The device shows the code that was typed: it may join with this secret, once it has the confirmation.
        case admit(secret: [UInt8], confirmation: [UInt8])
        /// It shows another; so many more may be typed.
        case refuse(triesLeft: Int)
        /// A message that is out of turn, or cannot be right.
        case end
    }

    private enum State {
        case waiting
        case opened(CPace.Half, PairingOpening)
        case ended
    }

    private let context: PairingContext
    private var state = State.waiting
    /// How many codes more may be typed for this device.
    package private(set) var triesLeft = PairingDevice.tries

    package init(context: PairingContext) { self.context = context }

    /// Whether a code may be typed now.
    package var isOpen: Bool { if case .waiting = state { triesLeft > 0 } else { false } }

    /// A code was typed. Takes one try.
    ///
    /// - Precondition: `isOpen`.
    package mutating func typed(_ code: PairingCode, statement: PairingStatement) -> PairingOpening {
        precondition(isOpen, "a code was typed for a device that does not wait for one")
        triesLeft -= 1
        let session = CPace.random(PairingOpening.sessionBytes)
        let half = CPace.Half(password: code.bytes, channel: context.channel, session: session)
        let opening = PairingOpening(session: session, share: half.share, statement: statement)
        state = .opened(half, opening)
        return opening
    }

    /// The device answered.
    package mutating func received(_ proof: PairingProof) -> Action {
        guard case .opened(let half, let opening) = state, proof.share != opening.share,
            let key = CPace.key(
                own: half, other: proof.share, session: opening.session, initiator: opening.message,
                responder: proof.message)
        else {
            state = .ended
            return .end
        }
        let common = PairingKey(key: key, session: opening.session)
        guard ConstantTime.areEqual(proof.confirmation, common.confirmation(of: proof.message)) else {
            state = triesLeft > 0 ? .waiting : .ended
            return .refuse(triesLeft: triesLeft)
        }
        state = .ended
        return .admit(secret: common.joinSecret, confirmation: common.confirmation(of: opening.message))
    }
}
