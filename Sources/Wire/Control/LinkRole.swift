/// What the dialing side opened a link for.
package enum LinkRole: UInt32, Sendable, Hashable, CaseIterable {
    /// It places, sends shards and steps, and takes results.
    case coordinator = 1
    /// It is the worker before this one, and brings the steps of a session.
    case upstream = 2
    /// It only asks what is here, and disturbs nothing.
    case inspector = 3
    /// It is another worker that gets shards which are held here.
    case shards = 4
    /// It is another worker that takes over caches of stages which are held here.
    case caches = 5
    /// It is a device that wants to become a member of the cluster, or a member that renews its certificate.
    case join = 6
}
