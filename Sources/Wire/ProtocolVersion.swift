/// The protocol versions that this program speaks.
package enum ProtocolVersion {
    /// The lowest.
    package static let lowest: UInt32 = 1
    /// The highest.
    package static let highest: UInt32 = 1
}
