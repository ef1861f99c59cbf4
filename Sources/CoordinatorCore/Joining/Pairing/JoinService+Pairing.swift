import ClusterStore
import Dispatch
import Identity
import Logging
import Transport
import Wire

/// Devices that have no token, and are let in by a code that they show.
extension JoinService {
    /// How long a code is good.
    package static let standardPairingSeconds = 60
    /// How long a device that was let in may take to join.
    private static let joiningSeconds: Int64 = 600

    /// Those that wait, the longest first.
    package var waitingDevices: [WaitingDevice] { desk.devices(now: clock()) }

    /// Lets the device in that shows a code.
    ///
    /// - Parameter text: what a person typed.
    /// - Throws: `CoordinatorError`: invalidRequest where no device shows it, busy or unavailable where that may pass. The code is not told.
    /// - Returns: the device, which has joined.
    package func approve(_ text: String) async throws(CoordinatorError) -> WaitingDevice {
        guard let code = PairingCode(parsing: text) else {
            throw CoordinatorError(
                .invalidRequest,
                "that is no code: a device that runs `shoal join` shows one of 8 letters and digits, as K7QX-M2VD")
        }
        let (outcomes, told) = AsyncStream.makeStream(of: PairingDesk.Outcome.self)
        let statement = PairingStatement(
            fingerprint: authority.certificate.fingerprint, seconds: UInt64(clamping: clock()))
        let device: WaitingPlaces.Device
        switch desk.typed(code, statement: statement, outcomes: told) {
        case .opened(let opened): device = opened
        case .nobody: throw CoordinatorError(.invalidRequest, nobodyWaits)
        case .busy: throw CoordinatorError(.busy, "another code is being tried for that device: try again")
        }
        defer { desk.gaveUp(device) }
        let name = "\(device.name) (\(device.host))"
        queue.asyncAfter(deadline: .now() + approvalPatience) { told.yield(.silent) }
        var isAdmitted = false
        for await outcome in outcomes {
            switch outcome {
            case .admitted: isAdmitted = true
            case .joined(let joined, let address):
                let host = (try? Endpoint(parsing: address).host) ?? address
                return WaitingDevice(
                    name: joined, address: host, seconds: Int(clamping: max(0, clock() - device.since)))
            case .refused(let reason):
                throw CoordinatorError(.invalidRequest, "\(name) shows this code, and is not taken: \(reason)")
            case .wrongCode(let left):
                let next =
                    left == 0
                    ? "it waits no more, after so many wrong ones: run `shoal join` there again"
                    : "look there again; \(left) more may be typed for it"
                throw CoordinatorError(.invalidRequest, "\(name) does not show this code: \(next)")
            case .gone where !isAdmitted:
                throw CoordinatorError(
                    .unavailable,
                    "\(name) went away before it was let in: run `shoal join` there again, and type its new code")
            case .gone: break
            case .silent:
                let state = isAdmitted ? "was let in, and does not join: see what it says there" : "does not answer"
                throw CoordinatorError(.unavailable, "\(name) \(state)")
            }
        }
        throw CoordinatorError(.cancelled, "letting \(name) in was given up")
    }

    private var nobodyWaits: String {
        let devices = waitingDevices.prefix(8).map { "\($0.name) (\($0.address))" }
        let others = devices.isEmpty ? "none waits now" : "these wait: \(devices.joined(separator: ", "))"
        return
            "no device waits with this code. A code is good for \(pairingSeconds) s; after that the device shows a new one, or ends, and `shoal join` there begins again. \(others)"
    }

    /// Answers a device that asks to wait; on the queue.
    ///
    /// - Parameter certificate: the coordinator's, as the link began, in DER.
    /// - Returns: the answer, and whether the device waits now.
    func wait(
        _ request: PairingRequest, over link: any Link, certificate: [UInt8]
    ) -> (answer: ControlBody, waits: Bool) {
        let now = clock()
        do {
            _ = try DeviceName.member(request.name)
            // Told before anybody types anything for it.
            if let taken = try store.members().first(where: { DeviceName.resembles($0.name, request.name) }) {
                throw JoinRefusal.nameTaken(taken.name)
            }
            let host = try Endpoint(parsing: link.peer.address).host
            guard let place = desk.ask(request, host: host, certificate: certificate, now: now, over: link) else {
                return (
                    .failure(
                        Failure(
                            code: .busy,
                            message:
                                "too many devices wait to be let in by a code: try again in a minute, or join with a token of `shoal token`"
                        )),
                    false
                )
            }
            logger.info(
                "a device waits: let it in with shoal approve and the code that it shows",
                metadata: ["device": "\(request.name)", "address": "\(host)"])
            return (
                .pairingPlace(PairingPlace(place: UInt32(clamping: place), seconds: UInt32(clamping: pairingSeconds))),
                true
            )
        } catch let error as ClusterStoreError {
            logger.error("a device cannot wait", metadata: ["device": "\(request.name)", "reason": "\(error)"])
            return (
                .failure(
                    Failure(code: .internalError, message: "the coordinator cannot take devices now; its log says why")),
                false
            )
        } catch {
            return (refuse("\(error)", link.peer), false)
        }
    }

    /// A device that waits answered; on the queue.
    func answered(_ answer: PairingAnswer, over link: any Link) {
        desk.answered(answer, over: link) { secret in
            let now = clock()
            do {
                try store.addJoinToken(
                    secretHash: JoinToken.hash(secret: secret), now: now, expiresAt: now + Self.joiningSeconds)
                return now + Self.joiningSeconds
            } catch {
                logger.error("a device cannot be let in", metadata: ["reason": "\(error)"])
                return nil
            }
        }
    }
}
