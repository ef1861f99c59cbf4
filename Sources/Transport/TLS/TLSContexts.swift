import Identity
import NIOCore
import NIOSSL

/// TLS 1.3 and nothing else, with this side's certificate and the cluster's authority as the only one that is trusted.
enum TLSContexts {
    /// - Throws: `TransportError` (notSecured) for credentials that TLS cannot use.
    static func make(
        _ credentials: Credentials
    ) throws(TransportError) -> (client: NIOSSLContext, server: [ClientCertificates: NIOSSLContext]) {
        do {
            let authority = try NIOSSLCertificate(bytes: credentials.authority.der, format: .der)
            // The authority's too: who joins knows its fingerprint alone.
            let chain: [NIOSSLCertificateSource] = [
                .certificate(try NIOSSLCertificate(bytes: credentials.certificate.der, format: .der)),
                .certificate(authority),
            ]
            let key = NIOSSLPrivateKeySource.privateKey(
                try NIOSSLPrivateKey(bytes: Array(credentials.key.pem.utf8), format: .pem))
            var client = TLSConfiguration.makeClientConfiguration()
            client.certificateChain = chain
            client.privateKey = key
            var server = TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: key)
            restrict(&client, trusting: [authority])
            restrict(&server, trusting: [authority])
            var optional = server
            optional.certificateVerification = .optionalVerification
            return (
                try NIOSSLContext(configuration: client),
                [
                    .required: try NIOSSLContext(configuration: server),
                    .optional: try NIOSSLContext(configuration: optional),
                ]
            )
        } catch {
            throw TransportError(.notSecured, "this device's certificate or key cannot be used for TLS: \(error)")
        }
    }

    /// The handler of a side that joins: it takes a coordinator whose authority has the fingerprint.
    ///
    /// - Parameters:
    ///   - context: with a certificate of its own; `nil` where it has none.
    ///   - fingerprint: `nil` takes one of any authority.
    ///   - times: at any of which the coordinator's certificate must be valid; `nil` is whenever it was made.
    static func joiningHandler(
        context: NIOSSLContext?, fingerprint: [UInt8]?, times: ClosedRange<Int64>?
    ) throws -> NIOSSLClientHandler {
        var configuration = TLSConfiguration.makeClientConfiguration()
        restrict(&configuration, trusting: [])
        return try NIOSSLClientHandler(
            context: try context ?? NIOSSLContext(configuration: configuration), serverHostname: nil,
            customVerificationCallback: { chain, promise in
                promise.completeWith(
                    Result {
                        let (issued, _) = try AuthorityCertificate.verify(
                            chain: try chain.map { try $0.toDERBytes() }, fingerprint: fingerprint, times: times)
                        return issued.identity.kind == .coordinator ? .certificateVerified : .failed
                    })
            })
    }

    /// Devices are known by their identities, not by the names of hosts.
    private static func restrict(_ configuration: inout TLSConfiguration, trusting roots: [NIOSSLCertificate]) {
        configuration.minimumTLSVersion = .tlsv13
        configuration.maximumTLSVersion = .tlsv13
        configuration.certificateVerification = .noHostnameVerification
        configuration.trustRoots = .certificates(roots)
    }
}
