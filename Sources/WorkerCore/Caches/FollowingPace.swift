/// How long a standby stage waits before it asks its sources again. A pure value.
package struct FollowingPace: Sendable {
    private static let shortest = Duration.milliseconds(100)
    private static let longest = Duration.milliseconds(500)
    private static let longestWithoutAnswer = Duration.seconds(2)

    private var last = shortest

    package init() {}

    /// - Parameter hasChanged: whether the last round changed anything; nil where a source did not answer.
    package mutating func pause(hasChanged: Bool?) -> Duration {
        last =
            switch hasChanged {
            case true?: Self.shortest
            case false?: min(last * 2, Self.longest)
            case nil: min(last * 2, Self.longestWithoutAnswer)
            }
        return last
    }
}
