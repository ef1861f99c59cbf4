/// What a command could not do: the cause and the mend, for people.
struct CommandError: Error, CustomStringConvertible {
    let description: String
    /// Whether a device said what none may say, so that others are gone on with.
    var isFault = false

    init(_ description: String) { self.description = description }
}
