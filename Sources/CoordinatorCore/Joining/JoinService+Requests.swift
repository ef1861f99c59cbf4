import ClusterStore
import Identity
import Logging
import Transport
import Wire

/// What a device that joins or renews is answered.
extension JoinService {
    /// Answers a request; on the queue.
    func answer(_ request: JoinRequest, from peer: PeerIdentity) -> ControlBody {
        let secretHash = JoinToken.hash(secret: request.secret)
        do {
            let certificate =
                request.secret.isEmpty ? try renew(request, from: peer) : try join(request, from: peer)
            return .joinReply(
                JoinReply(
                    certificates: [certificate.der, authority.certificate.der], clockSeconds: UInt64(clamping: clock()))
            )
        } catch let refusal as JoinRefusal {
            desk.finished(secretHash, .refused(refusal.description))
            return refuse(refusal.description, peer)
        } catch let error as IdentityError {
            desk.finished(secretHash, .refused(error.message))
            return refuse(error.message, peer)
        } catch let error as TransportError {
            desk.finished(secretHash, .refused(error.message))
            return refuse(error.message, peer)
        } catch {
            // What it says may name files of this machine.
            logger.error("a device cannot join", metadata: ["device": "\(peer.name)", "reason": "\(error)"])
            return .failure(
                Failure(code: .internalError, message: "the coordinator cannot take devices now; its log says why"))
        }
    }

    private func join(_ request: JoinRequest, from peer: PeerIdentity) throws -> IssuedCertificate {
        let now = clock()
        _ = try DeviceName.member(request.name)
        let secretHash = JoinToken.hash(secret: request.secret)
        // First: nothing is read of what a stranger asks to be signed.
        let earlier = try store.use(ofToken: secretHash, now: now).get()
        let asked = try SigningRequest(der: request.signingRequest)
        let address = try Self.endpoint(of: request, from: peer).description
        let (identity, member) =
            try earlier.map { try Self.again($0, asked, at: address) } ?? Self.new(request, address, now)
        // Before the token is used up: a name that no certificate can hold must not cost it.
        let certificate = try authority.issue(signing: asked, identity: identity, name: member.name, now: now)
        if earlier != nil {
            try store.moveMember(id: member.id, to: address)
        } else if let refusal = try store.join(member, secretHash: secretHash, keyHash: asked.keyHash, now: now) {
            throw refusal
        }
        logger.info("device joined", metadata: ["device": "\(member.name)", "address": "\(member.address)"])
        note(request, of: member)
        note(.joined, member)
        // An earlier device of this name may have been removed just now: it is not this one that goes.
        try? followRemovals()
        if let device = declaration(of: member) { actions.joined(device) }
        desk.finished(secretHash, .joined(name: member.name, address: member.address))
        return certificate
    }

    private static func new(_ request: JoinRequest, _ address: String, _ now: Int64) -> (ClusterIdentity, Member) {
        let identity = ClusterIdentity(new: .member)
        return (identity, Member(id: identity.id, name: request.name, address: address, joinedAt: now))
    }

    /// The device that used the token, which did not get the answer: known by its key, and by nothing else.
    private static func again(
        _ earlier: TokenUse, _ asked: SigningRequest, at address: String
    ) throws(JoinRefusal) -> (ClusterIdentity, Member) {
        guard earlier.keyHash == asked.keyHash,
            let identity = ClusterIdentity(kind: .member, id: earlier.member.id)
        else { throw .usedToken }
        var member = earlier.member
        member.address = address
        return (identity, member)
    }

    private func renew(_ request: JoinRequest, from peer: PeerIdentity) throws -> IssuedCertificate {
        guard let identity = peer.identity, let member = try store.member(id: identity.id), member.removedAt == nil
        else {
            throw IdentityError(
                .notAllowed,
                "only a member of this cluster that was not removed can renew its certificate without a token")
        }
        let asked = try SigningRequest(der: request.signingRequest)
        guard try store.isKey(asked.keyHash, ofMember: member.id) else {
            throw IdentityError(
                .notAllowed,
                "a certificate is renewed for the key that the device joined with; for another key it must be removed and join anew"
            )
        }
        let certificate = try authority.issue(signing: asked, identity: identity, name: member.name, now: clock())
        note(request, of: member)
        let endpoint = try Self.endpoint(of: request, from: peer)
        if endpoint.description != member.address {
            var moved = member
            moved.address = endpoint.description
            try store.moveMember(id: member.id, to: moved.address)
            logger.info("device moved", metadata: ["device": "\(member.name)", "address": "\(moved.address)"])
            note(.moved, moved, before: member.address)
            if let device = declaration(of: moved) { actions.joined(device) }
        }
        return certificate
    }

    /// Tells of a member's clock, where it is wrong.
    private func note(_ request: JoinRequest, of member: Member) {
        guard request.clockSeconds > 0 else { return }
        let clocks = ClockComparison(device: Int64(clamping: request.clockSeconds), coordinator: clock())
        security.note(clocks, of: member.id)
        guard clocks.isTold else { return }
        logger.warning(
            "\(member.name)'s clock \(clocks.summary). On the one of both that is wrong: \(ClockComparison.mend)")
    }

    /// Where the device's worker listens: at the address that it tells, or the one that it comes from.
    private static func endpoint(of request: JoinRequest, from peer: PeerIdentity) throws(TransportError) -> Endpoint {
        let host = try Endpoint(parsing: request.address ?? peer.address).host
        return Endpoint(host: host, port: Int(request.port))
    }

    func refuse(_ reason: String, _ peer: PeerIdentity) -> ControlBody {
        logger.notice(
            "device refused", metadata: ["device": "\(peer.name)", "from": "\(peer.address)", "reason": "\(reason)"])
        return .failure(Failure(code: .badRequest, message: reason))
    }
}
