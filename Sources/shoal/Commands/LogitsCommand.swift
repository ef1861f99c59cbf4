import ArgumentParser
import ClusterFile
import CoordinatorCore
import Foundation
import Placement
import Synchronization

struct LogitsCommand: AsyncParsableCommand, UsesNetwork {
    static let configuration = CommandConfiguration(
        commandName: "logits", abstract: "Writes the logits of every position of a list of tokens.",
        discussion: """
            The output is raw little-endian float32, [positions, vocabulary] in row-major order, the same bits however the model is
            split and the tokens are chunked.
            Example: shoal logits model.gguf --tokens ids.json --output logits.f32 --compute f32
            """)

    @Argument(help: ArgumentHelp("The model's GGUF file.", valueName: "model")) var model: String
    @Option(help: ArgumentHelp("A JSON list of token ids.", valueName: "FILE.json")) var tokens: String
    @Option(help: ArgumentHelp("The file to write.", valueName: "OUT.f32")) var output: String
    @Option(help: ArgumentHelp("Feeds the tokens this many at a time.", valueName: "N")) var chunk: Int?
    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var planning: PlanningOptions
    @OptionGroup var computing: ComputeOptions
    @OptionGroup var packing: PackedOptions
    @OptionGroup var verification: VerificationOptions
    @OptionGroup var identity: IdentityOptions
    @OptionGroup var links: LinkOptions

    func validate() throws {
        if let chunk, chunk < 1 { throw ValidationError("--chunk takes at least 1, not \(chunk)") }
    }

    func run() async throws {
        let ids = try readTokens()
        let declaration = try cluster.declaration()
        let devices = cluster.devices(declaration)
        let security = try links.coordinatorSecurity(folder: identity.folder, dialsDevices: !devices.isEmpty)
        let display = StartupDisplay(verbose: false)
        let file = try Model(path: model)
        let session = try await ClusterSession.start(
            file, tokenizer: nil,
            settings: .init(
                devices: devices, pins: (declaration?.pins ?? []) + cluster.pins,
                planning: planning.preferences(declaration),
                compute: computing.compute,
                keyValueType: computing.keyValueType ?? .f16,
                context: computing.context ?? ids.count, slots: 1, threads: computing.threads,
                isPinned: computing.pinning.isOn,
                rowsPerStep: max(1, min(chunk ?? 256, 256)),
                packed: packing.folder(for: file.file, packsAnew: verification.isOn), security: security),
            logger: Log.make("shoal.logits"), progress: { display.show($0) })
        try await session.use { coordinator in
            let logits = try OutputFile(path: output)
            do {
                try await coordinator.score(ids, chunk: chunk) { logits.write(UnsafeRawBufferPointer($0)) }
                try logits.finish()
            } catch {
                logits.discard()
                throw error
            }
        }
    }

    private func readTokens() throws -> [UInt32] {
        guard let data = FileManager.default.contents(atPath: tokens) else {
            throw CommandError("the token file \(tokens) cannot be read: check the path given with --tokens")
        }
        guard let ids = try? JSONDecoder().decode([UInt32].self, from: data) else {
            throw CommandError("\(tokens) is not a JSON list of token ids such as [1, 2, 3]")
        }
        guard !ids.isEmpty else { throw CommandError("\(tokens) holds no token; give at least one") }
        return ids
    }
}

/// A file that is written in order, and removed when it is not finished. Used by one thread at a time.
private final class OutputFile: Sendable {
    private let path: String
    private let state: Mutex<(handle: FileHandle, failure: String?)>

    init(path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let handle = FileHandle(forWritingAtPath: path)
        else {
            throw CommandError("the output \(path) cannot be written: check the path given with --output")
        }
        self.path = path
        state = Mutex((handle, nil))
    }

    func write(_ bytes: UnsafeRawBufferPointer) {
        state.withLock { state in
            guard state.failure == nil else { return }
            do {
                try state.handle.write(contentsOf: Data(bytes))
            } catch {
                state.failure = "\(error)"
            }
        }
    }

    func finish() throws {
        let failure = state.withLock { state in
            do { try state.handle.close() } catch { state.failure = state.failure ?? "\(error)" }
            return state.failure
        }
        if let failure { throw CommandError("the output \(path) cannot be written: \(failure)") }
    }

    func discard() { try? FileManager.default.removeItem(atPath: path) }
}
