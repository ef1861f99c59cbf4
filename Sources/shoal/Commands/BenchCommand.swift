import ArgumentParser
import Foundation
import ModelGraph
import Tensors
import Wire
import WorkerCore

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measures a model's speed on this device, beside the memory's.",
        discussion: "Example: shoal bench SmolLM2-135M-Instruct.Q4_1.gguf --threads 2 --json")

    @Argument(help: ArgumentHelp("The model's GGUF file.", valueName: "model")) var model: String
    @Option(help: ArgumentHelp("Threads that compute (default: the physical cores it may use).", valueName: "N"))
    var threads: Int?
    @OptionGroup var pinning: PinningOptions
    @Option(help: ArgumentHelp("Tokens of the prompt.", valueName: "N")) var promptTokens = 512
    @Option(help: ArgumentHelp("Tokens decoded after it.", valueName: "N")) var generateTokens = 64
    @Option(help: ArgumentHelp("Times that all is measured, after one to warm up.", valueName: "N")) var repetitions = 5
    @Flag(help: "Also tells what each operation takes.") var profile = false
    @OptionGroup var packing: PackedOptions
    @OptionGroup var verification: VerificationOptions
    @Option(
        name: .customLong("kv-type"),
        help: ArgumentHelp("What the key-value cache holds: f16 or q8_0.", valueName: "TYPE"))
    var keyValueType: KeyValueChoice = .f16
    @Flag(help: "Prints JSON.") var json = false

    func validate() throws {
        try ValueBounds.threads(threads)
        guard (1...1 << 20).contains(promptTokens) else {
            throw ValidationError("--prompt-tokens takes 1 to \(1 << 20), not \(promptTokens)")
        }
        guard (1...1 << 20).contains(generateTokens) else {
            throw ValidationError("--generate-tokens takes 1 to \(1 << 20), not \(generateTokens)")
        }
        guard (1...1000).contains(repetitions) else {
            throw ValidationError("--repetitions takes 1 to 1000, not \(repetitions)")
        }
    }

    func run() throws {
        try Kernels.checkEnvironment()
        let file = try Model(path: model).file
        let benchmark = EngineBenchmark(
            model: file, packed: packing.folder(for: file, packsAnew: verification.isOn),
            threads: threads ?? ProcessorCount.usable,
            isPinned: pinning.isOn, promptTokens: promptTokens, generateTokens: generateTokens,
            repetitions: repetitions, profiles: profile,
            keyValueType: keyValueType.mode)
        let result = try benchmark.run { done in
            if Console.errorIsTerminal { Console.error("measured \(done) of \(repetitions)") }
        }
        if let hint = result.packedHint { Console.error("packed weights are not kept for the next start: \(hint)") }
        if json { return try Console.json(result) }
        var table = Table([("", .left), ("median", .right), ("lowest", .right), ("highest", .right)])
        func row(_ label: String, _ spread: EngineBenchmark.Spread) {
            table.add([label] + [spread.median, spread.minimum, spread.maximum].map { String(format: "%.1f", $0) })
        }
        row("prompt of \(promptTokens), tokens/s", result.promptSpread)
        row("decode, tokens/s", result.decodeSpread)
        Console.write(table.description + "\n")
        Console.write(
            Self.line(
                format: "loaded in %.2f s: %d matrices mapped, %d packed and kept, %d packed into memory\n",
                result.loadSeconds, result.matricesMapped, result.matricesWritten, result.matricesInMemory))
        Console.write(
            Self.line(
                format: "read bandwidth %.1f GB/s, %.3f GB per token: decoding takes %.0f%% of it (%@, %@)\n",
                result.readBandwidthGbPerSecond, Double(result.bytesPerToken) / 1e9, result.decodeBandwidthShare * 100,
                "\(result.threads) thread\(result.threads == 1 ? "" : "s")", result.instructionSet))
        if let profile = result.profile { write(profile) }
    }

    private static func line(format: String, _ values: any CVarArg...) -> String {
        Table.beside(String(format: format, arguments: values))
    }

    private func write(_ profile: [EngineBenchmark.OperationShare]) {
        var table = Table([
            ("", .left), ("prompt, ms", .right), ("share", .right), ("decode, ms/token", .right), ("share", .right),
        ])
        for part in profile {
            table.add(
                [part.operation]
                    + [
                        (part.promptMilliseconds, "%.1f"), (part.promptShare * 100, "%.1f%%"),
                        (part.decodeMillisecondsPerToken, "%.3f"), (part.decodeShare * 100, "%.1f%%"),
                    ].map { String(format: $1, $0) })
        }
        Console.write("\n" + table.description + "\n")
    }
}
