import ArgumentParser
import ClusterStore
import Foundation
import Identity

struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Makes, lists and removes keys to the API.",
        discussion: """
            Once there is a key, every request to the API needs one. A running `shoal serve` obeys changes within seconds.
            Example: shoal key add phone --requests-per-minute 60 --concurrent 2
            """,
        subcommands: [Add.self, List.self, Remove.self])

    struct Add: ParsableCommand, UsesDataFolder {
        static let configuration = CommandConfiguration(
            abstract: "Makes a key and prints it, this once: only its hash is kept.",
            discussion: "Example: shoal key add phone --requests-per-minute 60 --concurrent 2")

        @Argument(help: "Who the key is for.") var name: String
        @Option(help: ArgumentHelp("Requests in a minute at most (default: no limit).", valueName: "N"))
        var requestsPerMinute: Int?
        @Option(help: ArgumentHelp("Answers at the same time at most (default: no limit).", valueName: "N"))
        var concurrent: Int?
        @OptionGroup var store: CoordinatorStore
        @Flag(help: "Prints JSON.") var json = false

        var folder: String { store.folder }

        private struct Document: Encodable {
            var name: String
            var key: String
        }

        func validate() throws {
            if let requestsPerMinute, !(1...1_000_000).contains(requestsPerMinute) {
                throw ValidationError("--requests-per-minute takes 1 to 1000000, not \(requestsPerMinute)")
            }
            if let concurrent, !(1...65536).contains(concurrent) {
                throw ValidationError("--concurrent takes 1 to 65536, not \(concurrent)")
            }
        }

        func run() throws {
            let secret = AccessKey.makeSecret()
            try store.openPresent().add(
                AccessKey(
                    id: UUID().uuidString.lowercased(), name: name, secretHash: AccessKey.hash(of: secret),
                    createdAt: Int(Date.now.timeIntervalSince1970),
                    limits: AccessKey.Limits(requestsPerMinute: requestsPerMinute, concurrentRequests: concurrent)))
            if json { return try Console.json(Document(name: name, key: secret)) }
            Console.write(secret + "\n")
            Console.error("this is the only time that the key is shown; from now on the API needs one")
        }
    }

    struct List: ParsableCommand, UsesDataFolder {
        static let configuration = CommandConfiguration(
            abstract: "Shows the keys there are, without their secrets.", discussion: "Example: shoal key list --json")

        @OptionGroup var store: CoordinatorStore
        @Flag(help: "Prints JSON.") var json = false

        var folder: String { store.folder }

        private struct Row: Encodable {
            var name: String
            /// In seconds since 1970.
            var created: Int
            var requestsPerMinute: Int?
            var concurrent: Int?
        }

        private struct Document: Encodable {
            var keys: [Row]
        }

        func run() throws {
            let keys = try store.openPresent().accessKeys()
            if json {
                return try Console.json(
                    Document(
                        keys: keys.map {
                            Row(
                                name: $0.name, created: $0.createdAt, requestsPerMinute: $0.limits.requestsPerMinute,
                                concurrent: $0.limits.concurrentRequests)
                        }))
            }
            guard !keys.isEmpty else { return Console.write("no keys: the API asks for none\n") }
            var table = Table([
                ("name", .left), ("created", .left), ("requests per minute", .right), ("answers at a time", .right),
            ])
            for key in keys {
                table.add([
                    key.name, Date(timeIntervalSince1970: Double(key.createdAt)).formatted(.iso8601),
                    key.limits.requestsPerMinute.map(String.init) ?? "–",
                    key.limits.concurrentRequests.map(String.init) ?? "–",
                ])
            }
            Console.write(table.description + "\n")
        }
    }

    struct Remove: ParsableCommand, UsesDataFolder {
        static let configuration = CommandConfiguration(
            abstract: "Removes a key: requests with it are refused from then on.",
            discussion: "Answers that have begun go on. Example: shoal key remove phone")

        @Argument(help: "Whose key.") var name: String
        @OptionGroup var store: CoordinatorStore

        var folder: String { store.folder }

        func run() throws {
            try store.openPresent().removeAccessKey(named: name)
            Console.error("the key of \(name) is removed")
        }
    }
}

/// What the coordinator keeps, for commands on its machine.
struct CoordinatorStore: ParsableArguments {
    @Option(help: ArgumentHelp("The folder for what the coordinator keeps.", valueName: "FOLDER"))
    var dataDir: String?

    /// The folder.
    var folder: String { dataDir ?? DataFolder.standard(.coordinator) }

    /// Opens it, or makes it where there is none.
    ///
    /// - Throws: `ClusterStoreError`
    func open() throws -> ClusterStore { try ClusterStore(folder: folder) }

    /// Opens it where there is a coordinator.
    ///
    /// - Throws: `CommandError` on a machine that is none; nothing is made then. `ClusterStoreError`.
    func openPresent() throws -> ClusterStore {
        let files = ["\(folder)/\(ClusterStore.fileName)", AuthorityFolder(dataFolder: folder).path]
        guard files.contains(where: { FileManager.default.fileExists(atPath: $0) }) else {
            throw CommandError(
                "this machine is no coordinator: \(folder) has nothing of one. Run this on the coordinator's machine; or `shoal init` first, to make this one; or give --data-dir FOLDER\(PackagedService.coordinator.hint)"
            )
        }
        return try open()
    }
}
