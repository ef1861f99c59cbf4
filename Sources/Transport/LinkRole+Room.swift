import Wire

/// What a side that accepted a link keeps for a peer that asks and does not read, and what it takes at all. Sides that dialed always read.
extension LinkRole {
    /// Bytes of replies that wait to be sent before no more is read; half of it, and reading goes on. A coordinator's results are larger;
    /// caches go in windows of their own. A reply of 512 KiB takes twice that in memory.
    var pauseBytes: Int {
        switch self {
        case .coordinator: 32 << 20
        case .caches: 4 << 20
        case .upstream, .inspector, .shards, .join: 2 << 20
        }
    }

    /// Whether what comes from who dialed is small, so that little needs to be read at a time.
    var asksOnly: Bool {
        switch self {
        case .inspector, .shards, .caches, .join: true
        case .coordinator, .upstream: false
        }
    }

    /// Bytes that wait to be sent before the link is given up: what a few replies to what was read before can be, and one cache piece.
    var mostPendingBytes: Int { self == .coordinator ? .max : 32 << 20 }
}

extension FrameLimits {
    /// These without the kinds of frames that do not travel in one direction of a role.
    func restricted(to role: LinkRole, isDialing: Bool) -> FrameLimits {
        var limits = self
        let (takesSteps, takesPieces, takesCaches) =
            switch (role, isDialing) {
            case (.coordinator, false): (true, true, false)
            case (.coordinator, true), (.upstream, false): (true, false, false)
            case (.shards, true): (false, true, false)
            case (.caches, true): (false, false, true)
            case (.upstream, true), (.inspector, _), (.shards, false), (.caches, false), (.join, _):
                (false, false, false)
            }
        // The largest that is asked here: an inquiry of 8,192 shards.
        if role == .shards, !isDialing { limits.controlBytes = min(limits.controlBytes, 320 << 10) }
        if !takesSteps { limits.stepBytes = 0 }
        if !takesPieces { limits.pieceBytes = 0 }
        if !takesCaches { limits.cacheBytes = 0 }
        return limits
    }
}
