import ArgumentParser
import ClusterFile
import CoordinatorCore
import Foundation
import Placement
import Tokenizer

struct GenerateCommand: AsyncParsableCommand, UsesNetwork, OutlivesReader {
    static let configuration = CommandConfiguration(
        commandName: "generate", abstract: "Goes on with a text, here or on workers.",
        discussion: """
            The text goes to standard output as it comes, the speed to standard error.
            Example: shoal generate SmolLM2-135M-Instruct.Q4_1.gguf --prompt "The capital of France is" --temperature 0
            """)

    @Argument(help: ArgumentHelp("The model's GGUF file.", valueName: "model")) var model: String
    @Option(help: "The text to go on with.") var prompt: String
    @Option(help: ArgumentHelp("Tokens to generate at most.", valueName: "N")) var maxTokens = 256
    @Option(name: .customLong("stop"), help: "A text that ends the answer (repeatable).") var stops: [String] = []
    @Flag(help: "Reads special tokens in the prompt as such.") var parseSpecial = false
    @OptionGroup var sampling: SamplingOptions
    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var planning: PlanningOptions
    @OptionGroup var computing: ComputeOptions
    @OptionGroup var packing: PackedOptions
    @OptionGroup var verification: VerificationOptions
    @OptionGroup var identity: IdentityOptions
    @OptionGroup var links: LinkOptions
    @Flag(help: "Prints JSON when the answer is complete.") var json = false

    private struct Answer: Encodable {
        var text: String
        var ids: [UInt32]
        var finishReason: String
        var promptTokens: Int
        var generatedTokens: Int
        var secondsToFirstToken: Double
        var tokensPerSecond: Double?
    }

    func validate() throws {
        guard (1...1 << 24).contains(maxTokens) else {
            throw ValidationError("--max-tokens takes 1 to \(1 << 24), not \(maxTokens)")
        }
    }

    func run() async throws {
        let declaration = try cluster.declaration()
        let devices = cluster.devices(declaration)
        let security = try links.coordinatorSecurity(folder: identity.folder, dialsDevices: !devices.isEmpty)
        let file = try Model(path: model)
        let tokenizer = try file.tokenizer()
        let display = StartupDisplay(verbose: false)
        let session = try await ClusterSession.start(
            file, tokenizer: tokenizer,
            settings: .init(
                devices: devices, pins: (declaration?.pins ?? []) + cluster.pins,
                planning: planning.preferences(declaration),
                compute: computing.compute,
                keyValueType: computing.keyValueType ?? .f16,
                context: computing.context ?? declaration?.context, slots: 1, threads: computing.threads,
                isPinned: computing.pinning.isOn,
                packed: packing.folder(for: file.file, packsAnew: verification.isOn), security: security),
            logger: Log.make("shoal.generate"), progress: { display.show($0) })
        let request = GenerationRequest(
            prompt: tokenizer.encode(prompt, parseSpecial: parseSpecial, addSpecial: true), maximumTokens: maxTokens,
            sampling: sampling.parameters, stop: stops)
        try await session.use { try await answer(request, by: $0) }
        Console.endIfUnread()
    }

    private func answer(_ request: GenerationRequest, by coordinator: Coordinator) async throws {
        var text = ""
        var ids: [UInt32] = []
        for await event in try coordinator.generate(request) {
            switch event {
            case .queued: break
            case .token(let id, let piece):
                ids.append(id)
                text += piece
                if !json { Console.answer(piece) }
            case .text(let piece):
                text += piece
                if !json { Console.answer(piece) }
            case .finished(let reason, let usage):
                try finish(text, ids, reason, usage)
            case .failed(let error):
                throw error
            }
            if Console.isUnread { return }
        }
    }

    private func finish(_ text: String, _ ids: [UInt32], _ reason: FinishReason, _ usage: GenerationUsage) throws {
        if json {
            return try Console.json(
                Answer(
                    text: text, ids: ids, finishReason: reason.rawValue, promptTokens: usage.promptTokens,
                    generatedTokens: usage.generatedTokens, secondsToFirstToken: usage.secondsToFirstToken,
                    tokensPerSecond: usage.tokensPerSecond))
        }
        Console.write("\n")
        let speed = usage.tokensPerSecond.map { String(format: ", %.1f tokens/s", $0) } ?? ""
        Console.error(
            "\(usage.promptTokens) tokens read in \(String(format: "%.2f", usage.secondsToFirstToken)) s, "
                + "\(usage.generatedTokens) generated\(speed)")
    }
}
