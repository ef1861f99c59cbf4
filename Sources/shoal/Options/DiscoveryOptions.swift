import ArgumentParser
import Discovery

/// Over which interfaces workers are announced and found.
struct InterfaceOptions: ParsableArguments {
    @Option(
        name: .customLong("interface"),
        help: ArgumentHelp(
            "A network interface to announce or find workers on, whatever kind it is (repeatable; default: every network card, no bridges of containers and no tunnels).",
            valueName: "NAME"))
    var names: [String] = []
}

/// Whether a worker announces itself.
struct AnnouncingOptions: ParsableArguments {
    @Flag(
        inversion: .prefixedNo,
        help: ArgumentHelp(
            "Announces this worker on the local network, by Avahi (default: unless it listens on loopback alone). A device that has not joined yet is announced only with --announce, and does nothing but wait to be joined."
        ))
    var announce: Bool?
}

/// Whether a coordinator looks for workers by itself.
struct FindingOptions: ParsableArguments {
    @Flag(
        inversion: .prefixedNo,
        help: ArgumentHelp(
            "Finds workers that announce themselves: members that have moved to another address (the default, where devices joined), or with --insecure any worker there is (when asked for)."
        ))
    var discover: Bool?
}
