import ArgumentParser
import Formats
import Foundation
import Wire
import WorkerCore

/// The program: one executable for devices and coordinator. Each command is a file of `Commands/`.
@main
struct Shoal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shoal",
        abstract: "Pools small machines into one host for a large language model.",
        discussion: """
            On one machine:       shoal init, shoal serve
            On every device:      shoal join HOST, which shows a code for shoal approve there; then shoal worker
            Then:                 shoal place MODEL.gguf, shoal chat, or an OpenAI client
            """,
        version: VersionCommand.line,
        subcommands: [
            InitCommand.self, ApproveCommand.self, TokenCommand.self, JoinCommand.self, WorkerCommand.self,
            ServeCommand.self, RemoveCommand.self, RenameCommand.self,
            RunCommand.self, PlanCommand.self, PlaceCommand.self, UnloadCommand.self, ModelsCommand.self,
            RmCommand.self, RebalanceCommand.self, DrainCommand.self,
            ChatCommand.self, GenerateCommand.self, DevicesCommand.self, StatusCommand.self, TopCommand.self,
            EventsCommand.self, DoctorCommand.self,
            InspectCommand.self, TokenizeCommand.self, TemplateCommand.self, LogitsCommand.self, BenchCommand.self,
            SynthCommand.self, KeyCommand.self, VersionCommand.self,
        ])

    /// Runs a command; the exit status is 0 when it was done, 1 when it failed, 2 for wrong usage, 3 on a device that
    /// was removed from its cluster.
    static func main() async {
        // A reader that goes away (`shoal inspect … | head`) is not this program's failure to report.
        signal(SIGPIPE, SIG_DFL)
        FreedMemory.goesBack()
        do {
            try await run(try parse())
        } catch {
            end(with: error)
        }
    }

    /// The command, with what its configuration file says.
    private static func parse() throws -> any ParsableCommand {
        let command = try parseAsRoot()
        guard let command = command as? any TakesConfiguration else { return command }
        // The first argument is the command's name: this program itself has no options.
        return try command.applyingConfiguration(to: Array(CommandLine.arguments.dropFirst(2)))
    }

    private static func run(_ command: any ParsableCommand) async throws {
        if let command = command as? any UsesDataFolder { try Account(owning: command.folder)?.become() }
        // Whoever writes to sockets must get an error rather than a signal.
        if command is any UsesNetwork { signal(SIGPIPE, SIG_IGN) }
        if command is any OutlivesReader { Console.outliveReader() }
        if let command = command as? any AsyncParsableCommand {
            // Used by nobody else from here on.
            nonisolated(unsafe) var command = command
            try await command.run()
        } else {
            var command = command
            try command.run()
        }
    }

    private static func end(with error: any Error) -> Never {
        let code = exitCode(for: error)
        if code == .success {
            Console.write(fullMessage(for: error) + "\n")
            Foundation.exit(0)
        }
        if code == .validationFailure {
            Console.errorUnescaped(fullMessage(for: error).printable() + "\n")
            Foundation.exit(2)
        }
        if !(error is ExitCode) { Console.error("shoal: \(error)") }
        if error is WrongUsage { Foundation.exit(2) }
        if error is RemovedFromCluster { Foundation.exit(3) }
        Foundation.exit(1)
    }
}

/// A command that opens connections.
protocol UsesNetwork {}

/// A command that goes on, or ends what it began in order, when nobody reads its output any more.
protocol OutlivesReader {}
