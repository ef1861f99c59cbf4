import ArgumentParser
import FoundationEssentials
import FuzzRuntime
import Fuzzing
import Glibc

/// Feeds hostile inputs to everything that reads what others write. Deploy/fuzz builds and runs it.
@main
struct FuzzTool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shoal-fuzz", abstract: "Runs seeded hostile inputs, with limits on time and memory.",
        subcommands: [Run.self, BatchCommand.self, Replay.self, Coverage.self], defaultSubcommand: Run.self)
}

/// The format of that name.
func format(named name: String) throws -> any FuzzFormat.Type {
    guard let format = fuzzFormats.first(where: { $0.name == name }) else {
        throw ValidationError("no format \(name); there are \(fuzzFormats.map { $0.name }.joined(separator: ", "))")
    }
    return format
}

/// Writes a line to standard error.
func writeError(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs so many inputs of each format; what fails is kept.",
        discussion: "Example: shoal-fuzz run gguf templates --inputs 100000 --seed 7")

    @Argument(help: "The formats; all when none is named.") var formats: [String] = []
    @Option(help: "How many inputs of each format; of those that take longer, fewer.") var inputs = 10_000
    @Option(help: "Of formats that are conversations, goes on until so many messages were sent instead.") var messages:
        Int?
    @Option(help: "What the inputs are made from: the same seed, the same inputs.") var seed: UInt64 = 1
    @Option(help: "The folder for inputs that fail.") var findings = ".build/fuzz"
    @Flag(help: "Prints JSON.") var json = false

    func run() throws {
        let chosen = try formats.isEmpty ? fuzzFormats : formats.map { try format(named: $0) }
        if !fuzz_memory_is_counted() { writeError("memory is not counted on this system or under a sanitizer") }
        var results: [Supervisor.Result] = []
        for format in chosen {
            let supervisor = Supervisor(format: format, seed: seed, folder: findings)
            let result = try supervisor.run(inputs: max(1, inputs / format.cost), messages: messages)
            results.append(result)
            if !json {
                let seconds = (result.seconds * 10).rounded() / 10
                print(
                    "\(result.format): \(result.inputs) inputs in \(seconds) s, \(result.accepted) accepted, \(result.refused) refused\(result.messages > 0 ? ", \(result.messages) messages" : ""), at most \(result.highestBytes >> 20) MiB beyond twice the input, \(result.findings.count) findings"
                )
            }
        }
        if json { print(String(decoding: try JSONEncoder().encode(results), as: UTF8.self)) }
        if results.contains(where: { !$0.findings.isEmpty }) { throw ExitCode.failure }
    }
}

struct BatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "batch", abstract: "Runs a range of inputs in this process; `run` starts it.", shouldDisplay: false
    )

    @Argument var name: String
    @Option var seed: UInt64
    @Option var first: Int
    @Option var last: Int
    @Option var messages: Int
    @Option var record: String

    func run() throws {
        if fuzz_memory_is_counted() { limitMemory() }
        let batch = Batch(
            format: try format(named: name).init(), record: try Record(path: record), mostMessages: messages)
        batch.run(first..<last, seed: seed)
    }
}

/// What is asked for beyond this fails: an input must not take the machine's memory before it is found out.
private func limitMemory() {
    var limit = rlimit(rlim_cur: 4 << 30, rlim_max: 4 << 30)
    setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
}

struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs inputs from files in this process, for a debugger or a sanitizer.",
        discussion: "Example: shoal-fuzz replay gguf .build/fuzz/gguf-1-77.bin")

    @Argument var name: String
    @Argument var files: [String]

    func run() throws {
        let format = try format(named: name).init()
        for file in files {
            let input = Array(try Data(contentsOf: URL(filePath: file)))
            fuzz_memory_mark()
            let outcome = format.run(input)
            let bytes = fuzz_memory_highest()
            print("\(file): \(input.count) bytes \(outcome), \(bytes) bytes of memory")
            if bytes > 2 * input.count + type(of: format).allowedBytes { throw ExitCode.failure }
        }
    }
}

struct Coverage: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs libFuzzer, which looks for inputs that reach new code.",
        discussion: "Example: shoal-fuzz coverage gguf -- -max_total_time=600 corpus-folder")

    @Argument var name: String
    @Argument(parsing: .captureForPassthrough) var arguments: [String] = []

    func run() throws {
        guard fuzz_has_libfuzzer() else {
            throw FuzzError("this program was built without libFuzzer; use Deploy/fuzz --coverage")
        }
        CoverageTarget.format = try format(named: name).init()
        var pointers: [UnsafeMutablePointer<CChar>?] =
            ([CommandLine.arguments[0]] + arguments.filter { $0 != "--" }).map { strdup($0) } + [nil]
        var count = CInt(pointers.count - 1)
        let status = pointers.withUnsafeMutableBufferPointer { buffer in
            var base = buffer.baseAddress
            return fuzz_run_libfuzzer(&count, &base) { bytes, size in
                _ = CoverageTarget.format?.run(Array(UnsafeBufferPointer(start: bytes, count: size)))
                return 0
            }
        }
        throw ExitCode(status)
    }
}

/// What libFuzzer's function without context runs; it is called by one thread.
enum CoverageTarget {
    nonisolated(unsafe) static var format: (any FuzzFormat)?
}
