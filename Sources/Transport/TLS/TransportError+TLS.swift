import NIOSSL

extension TransportError {
    /// What TLS says of a link that is not secured, with cause and mend.
    ///
    /// BoringSSL tells its reasons as texts only; they choose the words here, and nothing else.
    ///
    /// - Parameter clockHint: what is known of clocks.
    init(
        securing error: any Error, peer: String, isDialing: Bool,
        clockHint: (_ saysExpired: Bool) -> String? = { _ in nil }
    ) {
        let text = "\(error)".uppercased()
        func has(_ words: String...) -> Bool { words.contains { text.contains($0) } }
        let reason =
            if has("CERTIFICATE_VERIFY_FAILED", "PEER_DID_NOT_RETURN_A_CERTIFICATE") {
                clockHint(false)
                    ?? "its certificate is missing, has expired or is of another cluster's authority, or a clock is wrong"
            } else if has("ALERT_CERTIFICATE_EXPIRED") {
                clockHint(true)
                    ?? "it says that this device's certificate has expired: join anew with `shoal worker --join TOKEN`, and check the clocks"
            } else if has(
                "ALERT_UNKNOWN_CA", "ALERT_BAD_CERTIFICATE", "ALERT_CERTIFICATE_UNKNOWN", "ALERT_CERTIFICATE_REQUIRED")
            {
                clockHint(false)
                    ?? "it does not take this device's certificate: both must be of the same cluster (`shoal init`, `shoal token`, `shoal worker --join TOKEN`), and its clock right (`shoal doctor` there)"
            } else if has(
                "WRONG_VERSION_NUMBER", "UNSUPPORTED_PROTOCOL", "PROTOCOL_VERSION", "HTTP_REQUEST",
                "INVALID_OUTER_RECORD")
            {
                "it does not speak TLS 1.3"
            } else if has("EOF DURING HANDSHAKE") {
                isDialing ? "it ended the connection: it does not speak TLS 1.3" : "it went away"
            } else {
                Self.name(in: text) ?? "\(error)"
            }
        let mend = isDialing && reason.contains("TLS 1.3") ? "; was it started with --insecure?" : ""
        self.init(.notSecured, "\(peer): no secure link: \(reason)\(mend)")
    }

    /// BoringSSL's name of a failure, as in `error:…:OPENSSL_internal:NAME at …`.
    private static func name(in text: String) -> String? {
        let parts = text.split(separator: "OPENSSL_INTERNAL:", maxSplits: 1)
        return parts.count == 2 ? String(parts[1].prefix { $0 == "_" || $0.isLetter || $0.isNumber }) : nil
    }
}
