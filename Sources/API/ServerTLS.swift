import NIOSSL

/// The certificate that the API shows, with its key.
package struct ServerTLS: Sendable {
    let context: NIOSSLContext

    /// Reads both files.
    ///
    /// - Parameters:
    ///   - certificate: a PEM file: the server's certificate, then those between it and its authority.
    ///   - key: a PEM file with the certificate's private key.
    /// - Throws: `APIServerError` with the file and the mend.
    package init(certificate: String, key: String) throws(APIServerError) {
        func unusable(_ file: String, _ what: String, _ mend: String, _ error: any Error) -> APIServerError {
            APIServerError(code: .certificate, description: "\(file) cannot be used as \(what): \(error); \(mend)")
        }
        let chain: [NIOSSLCertificate]
        do {
            chain = try NIOSSLCertificate.fromPEMFile(certificate)
        } catch {
            throw unusable(
                certificate, "--tls-certificate", "give a PEM file that begins with the server's certificate", error)
        }
        guard !chain.isEmpty else {
            throw APIServerError(
                code: .certificate,
                description: "\(certificate) has no certificate; give a PEM file with --tls-certificate")
        }
        let privateKey: NIOSSLPrivateKey
        do {
            privateKey = try NIOSSLPrivateKey(file: key, format: .pem)
        } catch {
            throw unusable(key, "--tls-key", "give a PEM file with a private key that has no password", error)
        }
        let configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(privateKey))
        do {
            context = try NIOSSLContext(configuration: configuration)
        } catch {
            throw APIServerError(
                code: .certificate,
                description:
                    "the key \(key) and the certificate \(certificate) cannot be used together: \(error); give the key that the certificate was made for"
            )
        }
    }
}
