import Testing

import ClusterFile

@Suite("Configuration file")
struct ConfigurationFileTests {
    private static let options = [
        ConfigurationFile.Option(name: "listen", takesValue: true, isRepeatable: false),
        ConfigurationFile.Option(name: "worker", takesValue: true, isRepeatable: true),
        ConfigurationFile.Option(name: "standby", takesValue: false, isRepeatable: false),
        ConfigurationFile.Option(name: "verify", takesValue: false, isRepeatable: false),
    ]

    private func read(_ yaml: String) throws -> ConfigurationFile {
        try ConfigurationFile(yaml: yaml, file: "c.yaml", options: Self.options)
    }

    @Test func `keys are options, in the order of the file`() throws {
        let file = try read(
            """
            # Where coordinators reach it.
            listen: "[::1]:7077"
            standby: true
            verify: false
            worker:
              - pi1:7077
              - pi2:7077
            """)
        #expect(file.entries.map(\.name) == ["listen", "standby", "verify", "worker"])
        #expect(file.entries.map(\.line) == [2, 3, 4, 5])
        #expect(
            file.entries.map(\.arguments) == [
                ["--listen=[::1]:7077"], ["--standby"], [], ["--worker=pi1:7077", "--worker=pi2:7077"],
            ])
    }

    @Test func `a flag that something switches off is switched off by it`() throws {
        let options = [
            ConfigurationFile.Option(
                name: "announce", takesValue: false, isRepeatable: false, negation: "no-announce")
        ]
        for (value, argument) in [("true", "--announce"), ("false", "--no-announce")] {
            let file = try ConfigurationFile(yaml: "announce: \(value)", file: "c.yaml", options: options)
            #expect(file.entries.map(\.arguments) == [[argument]])
            #expect(file.entries(besides: ["--no-announce"]).isEmpty && file.entries(besides: ["--announce"]).isEmpty)
        }
        #expect(throws: ClusterFileError.self) {
            try ConfigurationFile(yaml: "no-announce: true", file: "c.yaml", options: options)
        }
    }

    @Test(arguments: ["", "# only a comment\n", "---\n"]) func `a file may say nothing`(yaml: String) throws {
        #expect(try read(yaml).entries.isEmpty)
    }

    @Test func `one value of an option that may have several needs no list`() throws {
        #expect(try read("worker: pi1:7077").entries.map(\.arguments) == [["--worker=pi1:7077"]])
    }

    @Test(arguments: [
        (["--listen", "h:1"], ["standby", "worker"]), (["--listen=h:1", "--standby"], ["worker"]),
        (["--worker", "pi9:7077"], ["listen", "standby"]), (["--", "--listen"], ["listen", "standby", "worker"]),
        (["--listening"], ["listen", "standby", "worker"]), ([], ["listen", "standby", "worker"]),
    ])
    func `the command line wins`(given: [String], left: [String]) throws {
        let file = try read("listen: h:2\nstandby: true\nworker: [a, b]\n")
        #expect(file.entries(besides: given).map(\.name) == left)
    }

    @Test(arguments: [
        ("listen: a\nlisten: b\n", ClusterFileError.Code.duplicate, 1 as Int?, "twice"),
        ("listen: a\nlisen: b\n", .unknownKey, 2, "no option 'lisen'; known are listen, standby, verify, worker"),
        ("standby: yes\n", .badValue, 1, "write true or false"),
        ("\nstandby: [true]\n", .badValue, 2, "write true or false"),
        ("listen: [a, b]\n", .badValue, 1, "one value, not a list"),
        ("listen:\n", .badValue, 1, "needs a value"), ("worker: [a, {b: c}]\n", .badValue, 1, "needs a value"),
        ("listen: \"a\\nb\"\n", .badValue, 1, "line break"), ("listen: \"a\\0b\"\n", .badValue, 1, "control character"),
        ("- listen\n", .badValue, 1, "has lines such as"), ("listen\n", .badValue, 1, "has lines such as"),
        ("[a]: b\n", .unknownKey, 1, "no option"), ("listen: 'a\n", .syntax, nil, "no YAML"),
    ])
    func `what is wrong is named with its line`(
        yaml: String, code: ClusterFileError.Code, line: Int?, part: String
    ) throws {
        let error = try #require(throws: ClusterFileError.self) { try read(yaml) }
        #expect(error.code == code)
        #expect(error.description.hasPrefix(line.map { "c.yaml:\($0): " } ?? "c.yaml:"))
        #expect(error.description.contains(part), "\(error)")
    }

    @Test func `a file too large to be one is refused`() throws {
        let yaml = String(repeating: "#", count: ConfigurationFile.largestFile + 1)
        #expect(try #require(throws: ClusterFileError.self) { try read(yaml) }.code == .syntax)
    }
}
