import API
import ArgumentParser
import Foundation
import Wire

struct StatusCommand: AsyncParsableCommand, UsesNetwork {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows what the cluster is doing: each stage's work, tokens per second, the queue.",
        discussion: """
            Compares two looks at the cluster, a second apart.
            Example: shoal status --watch
            """)

    @OptionGroup var server: ServerOptions
    @Flag(help: "Goes on, with a new look each second, until Ctrl-C.") var watch = false
    @Flag(help: "Prints JSON: all that the coordinator tells, at once.") var json = false

    func validate() throws {
        if watch, json { throw ValidationError("--watch draws for people; for programs, ask again with --json") }
    }

    func run() async throws {
        let http = try HTTP(server)
        var last = try await look(http)
        if json { return try Console.json(last.body) }
        repeat {
            try await Task.sleep(for: .seconds(1))
            let now = try await look(http)
            let view = StatusView(before: last.body, now: now.body, seconds: (now.at - last.at) / .seconds(1))
            draw(view.description)
            last = now
        } while watch
    }

    private func look(_ http: HTTP) async throws -> (body: ClusterBody, at: ContinuousClock.Instant) {
        let data = try await http.get("/api/cluster")
        return (try JSONDecoder().decode(ClusterBody.self, from: data), .now)
    }

    /// In place of what was drawn before, on a terminal; else below it.
    private func draw(_ text: String) {
        guard watch, isatty(STDOUT_FILENO) == 1 else { return Console.write(text + "\n") }
        // Each line is cleared behind its end, so that nothing flickers; then all below.
        let lines = text.printable().split(separator: "\n", omittingEmptySubsequences: false).joined(
            separator: "\u{1b}[K\n")
        Console.writeUnescaped("\u{1b}[H\(lines)\u{1b}[K\n\u{1b}[J")
    }
}
