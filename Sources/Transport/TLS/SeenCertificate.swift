import Synchronization

/// The certificate that a peer showed in the handshake of a link, for who finds out after it whose it is. Safe from any thread.
package final class SeenCertificate: Sendable {
    private let certificate = Mutex<[UInt8]?>(nil)

    package init() {}

    /// In DER; `nil` before the handshake.
    package var der: [UInt8]? { certificate.withLock { $0 } }

    func note(_ der: [UInt8]?) { certificate.withLock { $0 = der } }
}
