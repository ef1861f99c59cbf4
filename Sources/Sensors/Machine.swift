/// What is asked of the machine: its files, its programs and its network cards. A test gives a folder and closures of its own.
package struct Machine: Sendable {
    /// Files of the system.
    package let files: SystemFiles
    /// Runs a program of the system, by its name and its arguments, and gives what it prints; `nil` where there is none, or it fails.
    package let run: @Sendable (_ program: String, _ arguments: [String]) -> String?
    /// The speeds, in Mbit/s, that a network card could run at; `nil` where it does not say.
    package let linkModes: @Sendable (_ interface: String) -> LinkModes?

    package init(
        files: SystemFiles, run: @escaping @Sendable (String, [String]) -> String? = { _, _ in nil },
        linkModes: @escaping @Sendable (String) -> LinkModes? = { _ in nil }
    ) {
        self.files = files
        self.run = run
        self.linkModes = linkModes
    }

    /// This machine.
    package static let this = Machine(
        files: SystemFiles(), run: { SystemProgram.output(of: $0, $1) }, linkModes: { LinkModes(interface: $0) })
}
