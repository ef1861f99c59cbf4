import FoundationEssentials
import Identity

/// What a peer brings to show or get an identity. The first byte says which: a signing request (PKCS #10), a certificate (X.509), or
/// a name that a certificate is asked for.
package struct CertificateFuzz: FuzzFormat {
    package static let name = "certificates"

    /// Within the lives of the certificates below.
    private static let now: Int64 = 1_893_456_000
    private static let request =
        "MIHIMHACAQAwDjEMMAoGA1UEAwwDcGkxMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEsDtGQy/9vh2f1WlzD2zM+Tm7wUlP7EpfP7NWMAkDlyPfyDjxGnb3BaggX68Q4A1li92BU70cv6c3sf0j3Vg4gaAAMAoGCCqGSM49BAMCA0gAMEUCIHxp9uBUpRwXuA7aEWIyX+R2KyOI4HvDNKh+lWgC5gT+AiEA+qxO3VT4ePZLIpdWq72+e17rw4JDRwVjvGx9xxbSjI0="
    private static let member =
        "MIIB/jCCAaSgAwIBAgIUHy2CLh4Ir0IQ2n/auOeKwYgN/88wCgYIKoZIzj0EAwIwMTEOMAwGA1UECgwFU2hvYWwxHzAdBgNVBAMMFlNob2FsIGNsdXN0ZXIgMDAwMDAwMDAwIBcNMjYxMTI1MTc0OTI1WhgPMjEyNjExMDExNzQ5MjVaMA4xDDAKBgNVBAMMA3BpMTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABLA7RkMv/b4dn9Vpcw9szPk5u8FJT+xKXz+zVjAJA5cj38g48Rp29wWoIF+vEOANZYvdgVO9HL+nN7H9I91YOIGjgbowgbcwDAYDVR0TAQH/BAIwADAOBgNVHQ8BAf8EBAMCB4AwHQYDVR0lBBYwFAYIKwYBBQUHAwEGCCsGAQUFBwMCMDgGA1UdEQQxMC+GLXNob2FsOm1lbWJlcjowMDExMjIzMzQ0NTU2Njc3ODg5OWFhYmJjY2RkZWVmZjAdBgNVHQ4EFgQUFsJko0ysNjpc5M8Ze1IUuplTlP8wHwYDVR0jBBgwFoAUqTl20FeFxaL90yjQqaZuqJh6n8kwCgYIKoZIzj0EAwIDSAAwRQIhAMnLmsD3uanIX26YRbDgWBYTK0/ftledjgaAT9oAts28AiBBA48hmslJfl1EMjQtPC3LlPYkLHy7bizXF6/oBV6g/g=="
    private static let authority =
        "MIIBzDCCAXKgAwIBAgIUcYez46miDlgCRMbGtma42VJa4wowCgYIKoZIzj0EAwIwMTEOMAwGA1UECgwFU2hvYWwxHzAdBgNVBAMMFlNob2FsIGNsdXN0ZXIgMDAwMDAwMDAwIBcNMjYxMTI1MTc0OTI1WhgPMjEyNjExMDExNzQ5MjVaMDExDjAMBgNVBAoMBVNob2FsMR8wHQYDVQQDDBZTaG9hbCBjbHVzdGVyIDAwMDAwMDAwMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE4DLNHAzB61uWJKoYittTlZ7bmnx2iScbwjMXxKBYXdOKSfF7gYxvZI3KLB6RAtIbmKQvq1FXlL5Q9Bkon+IdnKNmMGQwHQYDVR0OBBYEFKk5dtBXhcWi/dMo0KmmbqiYep/JMB8GA1UdIwQYMBaAFKk5dtBXhcWi/dMo0KmmbqiYep/JMBIGA1UdEwEB/wQIMAYBAf8CAQAwDgYDVR0PAQH/BAQDAgIEMAoGCCqGSM49BAMCA0gAMEUCIHYq00sSLRWshp1z7/ZiuU3OOgFk+ZhcnnBO7pEhhr3rAiEA6yf3FRn1YRqnZSTLxifEy2pTowT7SdcahpiCnXi59vE="

    private let issuer: Authority
    private let authority: AuthorityCertificate
    private let identity = ClusterIdentity(new: .member)
    private let key = DeviceKey()

    package init() throws {
        issuer = try Authority.make(now: Self.now)
        authority = try AuthorityCertificate(der: Self.bytes(Self.authority))
    }

    private static func bytes(_ base64: String) -> [UInt8] { Data(base64Encoded: base64).map { Array($0) } ?? [] }

    package var corpus: [[UInt8]] {
        [
            [0] + Self.bytes(Self.request), [1] + Self.bytes(Self.member), [1] + Self.bytes(Self.authority),
            [2] + Array("pi1".utf8), [2] + Array("Schöner Rechner \u{1b}[31m".utf8),
        ]
    }

    package let words: [[UInt8]] = [
        [0x30, 0x80], [0, 0], [0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
        [0x30, 0x88, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        [0x02, 0x01, 0], [0x03, 0x01, 0], [0x03, 0x02, 0x08, 0], [0x05, 0], [0x06, 0x01, 0x80],
        [0x06, 0x03, 0x55, 0x1d, 0x11],
        [0x06, 0x03, 0x55, 0x1d, 0x13], [0x17, 0x0d] + Array("991332256161Z".utf8),
        [0x18, 0x0f] + Array("00000000000000Z".utf8),
        [0x0c, 0x01, 0xff], [0x1e, 0x02, 0xd8, 0], [0x86, 0x2d] + Array("shoal:member:".utf8), [0xa0, 0x03, 2, 1, 2],
        [0x1f, 0xff, 0xff],
    ]

    package var extremes: [[UInt8]] {
        let nested = (0..<16_000).flatMap { _ in [0x30, 0x80] as [UInt8] }
        let sets = (0..<16_000).flatMap { _ in [0x31, 0] as [UInt8] }
        return [
            [0] + nested, [1] + nested, [1, 0x30, 0x83, 0, 0x7d, 0] + sets, [2] + [UInt8](repeating: 0x61, count: 255),
            [2],
        ]
    }

    package func run(_ input: [UInt8]) -> FuzzOutcome {
        guard let first = input.first else { return .refused }
        let bytes = Array(input.dropFirst())
        do throws(IdentityError) {
            switch first % 3 {
            case 0:
                let issued = try issuer.issue(
                    signing: SigningRequest(der: bytes), identity: identity, name: "pi1", now: Self.now)
                try issuer.certificate.check(issued, now: Self.now)
                precondition(issued.identity == identity && issued.name == "pi1", "not the certificate that was issued")
            case 1: try read(bytes)
            default:
                let name = String(decoding: bytes, as: UTF8.self)
                let issued = try issuer.issue(to: key, identity: identity, name: name, now: Self.now)
                precondition(issued.isFor(key) && issued.name == name, "not the name that was asked for")
            }
            return .accepted
        } catch {
            precondition(!error.message.isEmpty, "\(error)")
            return .refused
        }
    }

    /// As a device's certificate, and as an authority's; accepted as either.
    private func read(_ bytes: [UInt8]) throws(IdentityError) {
        if let other = try? AuthorityCertificate(der: bytes) {
            precondition(other.der == bytes)
            return
        }
        let issued = try IssuedCertificate(der: bytes)
        try authority.check(issued, now: Self.now)
        let chain = try AuthorityCertificate.verify(
            chain: [bytes, authority.der], fingerprint: authority.fingerprint, now: Self.now)
        precondition(chain.issued.identity == issued.identity, "a chain is read in two ways")
    }
}
