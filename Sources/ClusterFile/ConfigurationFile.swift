import Placement
import Yams

/// The options of a command as a file says them: a mapping of their long names, without dashes, to values.
///
/// `listen: 0.0.0.0:7077` is `--listen 0.0.0.0:7077`, `standby: true` is `--standby`, and a list stands for an option that is given several
/// times.
package struct ConfigurationFile: Sendable, Hashable {
    /// An option that the command takes.
    package struct Option: Sendable, Hashable {
        /// The long name, without dashes.
        package var name: String
        /// Whether a value follows it; a flag has none.
        package var takesValue: Bool
        package var isRepeatable: Bool
        /// Of a flag that has one, the name of what switches it off.
        package var negation: String?

        package init(name: String, takesValue: Bool, isRepeatable: Bool, negation: String? = nil) {
            self.name = name
            self.takesValue = takesValue
            self.isRepeatable = isRepeatable
            self.negation = negation
        }
    }

    /// What one key says.
    package struct Entry: Sendable, Hashable {
        /// The option's name.
        package let name: String
        /// What switches it off on a command line, if anything does.
        package let negation: String?
        /// The line of the key, counted from 1.
        package let line: Int?
        /// The same on a command line; empty for a flag that is off and that nothing switches off.
        package let arguments: [String]
    }

    /// In the file's order.
    package let entries: [Entry]

    /// Far beyond any such file.
    package static let largestFile = ClusterFileReader.largestFile

    /// Reads a configuration file; an empty one says nothing.
    ///
    /// - Parameters:
    ///   - yaml: the file's text.
    ///   - file: the file's name, for errors.
    ///   - options: all that the command takes.
    /// - Throws: `ClusterFileError` with the line and the mend. Whether a value is right is the command's to say.
    package init(yaml: String, file: String, options: [Option]) throws(ClusterFileError) {
        let reader = ClusterFileReader(file: file)
        guard yaml.utf8.count <= Self.largestFile else {
            throw reader.error(
                .syntax, nil, "a configuration file has at most \(ByteCount(Self.largestFile)); is this one?")
        }
        guard let root = try reader.compose(yaml), !reader.isNothing(root) else {
            entries = []
            return
        }
        guard case .mapping(let mapping) = root else {
            throw reader.error(.badValue, root, "a configuration file has lines such as 'listen: 0.0.0.0:7077'")
        }
        var entries: [Entry] = []
        for (key, value) in mapping {
            let name = key.scalar?.string ?? "…"
            guard let option = options.first(where: { $0.name == name }) else {
                let known = options.map(\.name).sorted().joined(separator: ", ")
                throw reader.error(.unknownKey, key, "there is no option '\(name)'; known are \(known)")
            }
            entries.append(
                Entry(
                    name: name, negation: option.negation, line: key.mark?.line,
                    arguments: try reader.arguments(of: option, value)))
        }
        self.entries = entries
    }

    /// The entries for a command that was given arguments too: what these say, the file does not say.
    package func entries(besides given: [String]) -> [Entry] {
        let names = Set(
            given.prefix { $0 != "--" }.filter { $0.hasPrefix("--") }.map { argument in
                String(argument.dropFirst(2).prefix { $0 != "=" })
            })
        return entries.filter { names.isDisjoint(with: [$0.name, $0.negation ?? $0.name]) }
    }
}

extension ClusterFileReader {
    /// Whether a file holds comments alone.
    fileprivate func isNothing(_ root: Node) -> Bool { root.scalar?.string.isEmpty == true }

    /// What an option and its value are on a command line.
    fileprivate func arguments(
        of option: ConfigurationFile.Option, _ value: Node
    ) throws(ClusterFileError) -> [String] {
        guard option.takesValue else {
            switch value.scalar?.string {
            case "true"?: return ["--\(option.name)"]
            case "false"?: return option.negation.map { ["--\($0)"] } ?? []
            default: throw error(.badValue, value, "'\(option.name)' is switched on or off: write true or false")
            }
        }
        guard case .sequence(let nodes) = value else { return [try argument(option, value)] }
        guard option.isRepeatable else {
            throw error(.badValue, value, "'\(option.name)' takes one value, not a list")
        }
        var arguments: [String] = []
        for node in nodes { arguments.append(try argument(option, node)) }
        return arguments
    }

    private func argument(_ option: ConfigurationFile.Option, _ node: Node) throws(ClusterFileError) -> String {
        let value = try text(node, option.name)
        guard !value.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw error(.badValue, node, "the value of '\(option.name)' has a line break or a control character")
        }
        return "--\(option.name)=\(value)"
    }
}
