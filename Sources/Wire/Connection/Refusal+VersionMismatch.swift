extension Refusal {
    /// The refusal of a peer that has no protocol version in common; says both sides' versions and which to upgrade.
    package static func versionMismatch(with hello: Hello) -> Refusal {
        let peer = hello.name.isEmpty ? "the dialing side" : hello.name
        let mend =
            hello.highestVersion < ProtocolVersion.lowest
            ? "upgrade Shoal on \(peer)" : "upgrade Shoal on the device that \(peer) dialed"
        return Refusal(
            code: .versionMismatch,
            message: """
                \(peer) speaks protocol version \(range(hello.lowestVersion, hello.highestVersion)), this side \
                \(range(ProtocolVersion.lowest, ProtocolVersion.highest)); \(mend)
                """)
    }

    private static func range(_ lowest: UInt32, _ highest: UInt32) -> String {
        lowest == highest ? "\(lowest)" : "\(lowest) to \(highest)"
    }
}

extension Refusal: Error {}
