import Identity
import TestSupport
import Testing

@Suite struct AuthorityTests {
    private let authority = TestAuthority().authority
    private let now = TestAuthority.now

    private func issue(
        _ identity: ClusterIdentity = ClusterIdentity(new: .member), at time: Int64? = nil
    ) throws -> IssuedCertificate {
        try authority.issue(
            signing: SigningRequest(der: try DeviceKey().signingRequest(name: "asked")), identity: identity,
            name: "größer pi", now: time ?? now)
    }

    @Test func `A certificate says who its device is, and is found to be of its authority`() throws {
        let identity = ClusterIdentity(new: .member)
        let read = try IssuedCertificate(der: try issue(identity).der)
        #expect(read.identity == identity)
        #expect(read.name == "größer pi")
        #expect(read.life == CertificateLife(start: now - 86_400, end: now + 90 * 86_400))
        let (issued, chainAuthority) = try AuthorityCertificate.verify(
            chain: [read.der, authority.certificate.der], fingerprint: authority.certificate.fingerprint, now: now)
        #expect(issued.der == read.der && chainAuthority.der == authority.certificate.der)
    }

    @Test func `Chains of others are refused`() throws {
        let other = TestAuthority().authority
        let own = try issue().der
        let foreign = try other.issue(
            to: DeviceKey(), identity: ClusterIdentity(new: .member), name: "pi", now: now
        ).der
        func verify(_ chain: [[UInt8]], at time: Int64? = nil) -> IdentityError.Code? {
            do {
                _ = try AuthorityCertificate.verify(
                    chain: chain, fingerprint: authority.certificate.fingerprint, now: time ?? now)
                return nil
            } catch {
                return error.code
            }
        }
        let root = authority.certificate.der
        #expect(verify([own, root]) == nil)
        #expect(verify([foreign, root]) == .foreign)
        #expect(verify([foreign, other.certificate.der]) == .foreign)
        #expect(verify([own]) == .malformed)
        #expect(verify([]) == .malformed)
        #expect(verify([own, own, root]) == .malformed)
        // A device's certificate is no authority's, whoever issued it.
        #expect(verify([own, own]) == .malformed)
        #expect(verify([root, root]) == .malformed)
        #expect(verify([own, root], at: now + 91 * 86_400) == .expired)
        #expect(verify([own, root], at: now - 2 * 86_400) == .expired)
    }

    @Test func `Changed and cut certificates and requests are refused, and crash nothing`() throws {
        var generator = SeededGenerator(seed: 7)
        let known = try issue()
        let certificate = known.der
        var accepted = 0
        let key = DeviceKey()
        let request = try key.signingRequest(name: "pi")
        for _ in 0..<2_000 {
            var changed = certificate
            changed[Int.random(in: changed.indices, using: &generator)] ^=
                1 << UInt8.random(in: 0..<8, using: &generator)
            // What the signature does not cover may be changed, and changes nothing.
            let verified = try? AuthorityCertificate.verify(
                chain: [changed, authority.certificate.der], fingerprint: authority.certificate.fingerprint, now: now)
            if let verified {
                accepted += 1
                #expect(verified.issued.identity == known.identity && verified.issued.life == known.life)
            }
            var asked = request
            asked[Int.random(in: asked.indices, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            // Another encoding of the same may be taken, another key never.
            let issued = try? authority.issue(
                signing: SigningRequest(der: asked), identity: ClusterIdentity(new: .member), name: "pi", now: now)
            #expect(issued?.isFor(key) != false)
        }
        #expect(accepted < 20)
        for length in 0..<request.count {
            #expect(throws: IdentityError.self) { try SigningRequest(der: Array(request[..<length])) }
        }
    }

    @Test func `A key in a file reads back, with its certificates`() throws {
        let credentials = try TestAuthority.shared.credentials(.member, name: "pi3")
        let read = try Credentials(pem: credentials.pem, file: "member.pem")
        #expect(read.pem == credentials.pem)
        #expect(read.identity == credentials.identity && read.certificate.name == "pi3")
    }

    @Test func `A key that is not the certificate's is refused`() throws {
        let credentials = try TestAuthority.shared.credentials(.member)
        #expect(throws: IdentityError.self) {
            try Credentials(key: DeviceKey(), certificate: credentials.certificate, authority: credentials.authority)
        }
        #expect(throws: IdentityError.self) { try Authority(certificate: authority.certificate, key: DeviceKey()) }
    }
}
