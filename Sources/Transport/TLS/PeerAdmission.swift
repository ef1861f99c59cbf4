import Identity

/// What a channel with TLS decides about its peer once the handshake is done, and before a byte of Shoal's own is sent.
struct PeerAdmission: Sendable {
    /// Who a peer is, by its certificate.
    struct Peer: Sendable, Hashable {
        /// `nil` where it showed none, or one of a device that was removed.
        var identity: ClusterIdentity?
        /// The device that was removed whose certificate it showed.
        var removed: ClusterIdentity?
    }

    /// Who the peer is, from its certificate in DER.
    ///
    /// - Throws: `TransportError` for one that is not to be talked to.
    var admit: @Sendable (_ certificate: [UInt8]?) throws(TransportError) -> Peer
    /// What knows the open links; `nil` while a device joins.
    var security: LinkSecurity?
    /// What is known of clocks that may be why there is no secure link; `nil` where nothing is. Is told whether the peer says that this
    /// side's certificate has expired.
    var clockHint: @Sendable (_ saysExpired: Bool) -> String? = { _ in nil }
}
