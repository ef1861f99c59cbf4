import ArgumentParser
import ClusterFile
import Foundation

/// A file that options are taken from.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: .customLong("config"),
        help: ArgumentHelp(
            "A file of options in YAML, as 'listen: 0.0.0.0:7077': each under its long name. What the command line says too counts there.",
            valueName: "FILE"))
    var file: String?
}

/// A command whose options may be in a file.
protocol TakesConfiguration: ParsableCommand {
    var configured: ConfigurationOptions { get }
}

extension TakesConfiguration {
    /// The command with what its configuration file says, where it was given one.
    ///
    /// - Parameter arguments: those that the command was made of.
    /// - Throws: `WrongUsage` with the file and, where it is known, the line; `CommandError` for a file that cannot be read.
    func applyingConfiguration(to arguments: [String]) throws -> Self {
        guard let path = configured.file else { return self }
        let yaml = try TextFile.read(
            path, limit: ConfigurationFile.largestFile, purpose: "give --config a file of options in YAML")
        let file: ConfigurationFile
        do {
            file = try ConfigurationFile(yaml: yaml, file: path, options: try CommandOptions.list(of: Self.self))
        } catch let error as ClusterFileError {
            throw WrongUsage("\(error)")
        }
        let entries = file.entries(besides: arguments)
        do {
            return try Self.parse(entries.flatMap(\.arguments) + arguments)
        } catch {
            // The command line alone was right: it is an entry, and where the rest is right without it, that one.
            let wrong = entries.filter { entry in
                let others = entries.filter { $0.name != entry.name }
                return (try? Self.parse(others.flatMap(\.arguments) + arguments)) != nil
            }
            let line = wrong.count == 1 ? wrong[0].line.map { ":\($0)" } : nil
            throw WrongUsage("\(path)\(line ?? ""): \(Self.message(for: error))")
        }
    }
}

/// A command was told what makes no sense: the cause and the mend, for people.
struct WrongUsage: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// What a command takes, by its own description.
private enum CommandOptions {
    private struct Tool: Decodable {
        struct Command: Decodable { var arguments: [Argument]? }
        struct Argument: Decodable {
            struct Name: Decodable {
                var kind: String
                var name: String
            }
            var kind: String
            var isRepeating: Bool
            var names: [Name]?
        }
        var command: Command
    }

    /// All options that have a long name, but those that make no sense in a file.
    static func list(of command: any ParsableCommand.Type) throws -> [ConfigurationFile.Option] {
        let tool = try JSONDecoder().decode(Tool.self, from: Data(command._dumpHelp().utf8))
        let all = (tool.command.arguments ?? []).flatMap { argument in
            (argument.names ?? []).filter { $0.kind == "long" && !["help", "config"].contains($0.name) }.map { name in
                ConfigurationFile.Option(
                    name: name.name, takesValue: argument.kind == "option", isRepeatable: argument.isRepeating)
            }
        }
        // A flag that can be switched off is there under two names; the key is the one that switches it on.
        let names = Set(all.map(\.name))
        let negations = names.intersection(names.map { "no-\($0)" })
        return all.filter { !negations.contains($0.name) }.map { option in
            var option = option
            let negation = "no-\(option.name)"
            option.negation = negations.contains(negation) ? negation : nil
            return option
        }
    }
}
