package import Wire

/// Whose links the devices of a placement take: steps from the device of the stage before, questions about caches from devices that take
/// them over or follow them. A pure decision.
package struct PeerAdmissions: Sendable, Hashable {
    private struct Peers: Sendable, Hashable {
        var upstream: Set<String> = []
        var caches: Set<String> = []
    }

    /// By device; peers are devices too.
    private var peers: [String: Peers] = [:]

    /// - Parameter stages: the devices of a placement's stages, in order.
    package init(stages: [String]) {
        for (before, device) in zip(stages, stages.dropFirst()) {
            peers[device, default: Peers()].upstream.insert(before)
        }
    }

    /// Lets a device read the caches of stages of another one.
    package mutating func lend(cachesOf source: String, to reader: String) {
        peers[source, default: Peers()].caches.insert(reader)
    }

    /// The devices that take anybody's links.
    package var devices: Set<String> { Set(peers.keys) }

    /// What a device is told.
    ///
    /// - Parameter identity: of a device; none of the coordinator's own, whose links all take.
    package func message(to device: String, identity: (String) -> String?) -> AdmitPeers {
        let own = peers[device] ?? Peers()
        return AdmitPeers(
            upstream: own.upstream.compactMap(identity).sorted(), caches: own.caches.compactMap(identity).sorted())
    }
}
