import ClusterFile

/// Configuration files of commands. An operator writes them; a damaged one must still end in a message.
package struct ConfigurationFuzz: FuzzFormat {
    package static let name = "configuration"

    package let words: [[UInt8]]
    package let extremes: [[UInt8]]

    package init() throws {
        let cluster = try ClusterFuzz()
        words = cluster.words + ["listen:", "standby:", "worker:", "true", "false", "--", "="].map { Array($0.utf8) }
        extremes = cluster.extremes
    }

    package let corpus: [[UInt8]] = [
        "listen: 0.0.0.0:8080\nstandby: true\nworker:\n  - pi1:7077\n  - pi2:7077\n# none\n",
        "{worker: [a, b], standby: false, 'listen': \"h:1\"}", "# nothing\n", "worker: &a [x]\nlisten: !!str y\n",
    ].map { Array($0.utf8) }

    private static let options = [
        ConfigurationFile.Option(name: "listen", takesValue: true, isRepeatable: false),
        ConfigurationFile.Option(name: "worker", takesValue: true, isRepeatable: true),
        ConfigurationFile.Option(name: "standby", takesValue: false, isRepeatable: false),
    ]

    package func run(_ input: [UInt8]) -> FuzzOutcome {
        do throws(ClusterFileError) {
            let file = try ConfigurationFile(
                yaml: String(decoding: input, as: UTF8.self), file: "worker.yaml", options: Self.options)
            for entry in file.entries {
                // Each is an argument of its option, and of no other.
                precondition(
                    entry.arguments.allSatisfy { $0 == "--standby" || $0.hasPrefix("--\(entry.name)=") })
            }
            precondition(file.entries(besides: ["--listen=h:1", "--worker", "a", "--standby"]).isEmpty)
            return .accepted
        } catch {
            precondition(!error.message.isEmpty)
            return .refused
        }
    }
}
