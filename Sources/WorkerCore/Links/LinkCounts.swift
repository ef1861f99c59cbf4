package import Wire

/// How many links of each role a worker holds, and how many it takes at once: more than a cluster of many devices and coordinators has, and
/// few enough that what each may keep waiting fits a small device. A pure value.
package struct LinkCounts: Sendable {
    private var counts: [LinkRole: Int] = [:]

    package init() {}

    /// The most links of a role; 180 in all. A device joins at the coordinator, not here.
    package static func most(_ role: LinkRole) -> Int {
        switch role {
        case .coordinator: 32
        case .upstream: 96
        case .inspector: 8
        case .shards: 12
        case .caches: 32
        case .join: 0
        }
    }

    /// Whether another link of a role is taken.
    package func takes(_ role: LinkRole) -> Bool { counts[role, default: 0] < Self.most(role) }

    package mutating func opened(_ role: LinkRole) { counts[role, default: 0] += 1 }

    package mutating func closed(_ role: LinkRole) {
        counts[role, default: 0] -= 1
        precondition(counts[role, default: 0] >= 0, "\(counts) links")
    }
}
