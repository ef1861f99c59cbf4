import ModelParts
import CoordinatorCore
import Dispatch
import GGUF
import ModelGraph
import Placement
import Sampling
import TestSupport
import Tokenizer
import Transport
import Wire
import WorkerCore

/// What coordinators are made for: a model, an honest worker, another behind a proxy, and the coordinator's own device.
final class ClusterUnderTest: Sendable {
    private static let memoryBytes = 64 << 20
    /// How long anything may take once the peer is gone.
    static let patience = DispatchTimeInterval.seconds(60)

    private let folder: TemporaryFolder
    private let model: GGUFFile
    private let shards: ModelShards
    private let facts: ModelFacts
    private let transport = LocalWorker.makeTransport()
    private let own: Worker
    private let honest: UInt16
    /// Where the worker behind the proxy listens.
    let hostile: UInt16
    private let expected: [TokenID]

    init() throws {
        var tiny = TinyModel()
        (tiny.layers, tiny.width, tiny.heads, tiny.keyValueHeads, tiny.feedForward) = (3, 32, 2, 1, 32)
        model = try GGUFFile(copying: try tiny.file(), path: "tiny.gguf")
        shards = try ModelShards(model)
        let configuration = try ModelConfiguration(file: model)
        facts = ModelFacts(
            sizes: try ModelSizes(measuring: model, compute: .int8, context: 128, threads: 1),
            vocabularySize: configuration.vocabulary, trainedContext: 128)
        folder = try TemporaryFolder()
        own = Worker(
            configuration: WorkerConfiguration(name: "coordinator", memoryBytes: Self.memoryBytes, threads: 1),
            shards: ModelFileShards(model), transport: transport, logger: LocalWorker.logger)
        honest = try Self.listen("honest", folder.path, transport)
        hostile = try Self.listen("hostile", folder.path, transport)
        let alone = try Self.makeCoordinator(shards, model, facts, transport, own, devices: [])
        expected = try blocking {
            try await alone.start()
            let answer = try await alone.answer(Self.request("the user"))
            alone.stop()
            return answer.tokens
        }
    }

    deinit { folder.remove() }

    private static func listen(_ name: String, _ folder: String, _ transport: TCPTransport) throws -> UInt16 {
        let worker = Worker(
            configuration: WorkerConfiguration(
                name: name, memoryBytes: memoryBytes, threads: 1, sessionRetention: .zero),
            shards: try ShardStore(dataFolder: "\(folder)/\(name)"), transport: transport, logger: LocalWorker.logger)
        return try blocking {
            let listener = try await transport.listen(
                on: Endpoint(host: "127.0.0.1", port: 0), welcome: { worker.welcome($0) },
                handler: { worker.handler(for: $0) })
            return UInt16(listener.boundEndpoint.port)
        }
    }

    /// A coordinator of the honest devices and, where there is one, the proxy.
    func makeCoordinator(proxy: UInt16?) throws -> Coordinator {
        var devices = [Self.device("honest", honest)]
        if let proxy { devices.insert(Self.device("peer", proxy), at: 0) }
        return try Self.makeCoordinator(shards, model, facts, transport, own, devices: devices)
    }

    private static func device(_ name: String, _ port: UInt16) -> DeviceDeclaration {
        DeviceDeclaration(
            name: name, connection: .tcp(Endpoint(host: "127.0.0.1", port: Int(port))), isRequired: false)
    }

    private static func makeCoordinator(
        _ shards: ModelShards, _ model: GGUFFile, _ facts: ModelFacts, _ transport: TCPTransport, _ own: Worker,
        devices: [DeviceDeclaration]
    ) throws -> Coordinator {
        let inProcess = DeviceDeclaration(
            name: "coordinator",
            connection: .inProcess(
                .init(
                    connect: { handler, hello in own.connectInProcess(hello, handler: handler) },
                    afterSteps: { own.afterSteps($0) }, reader: own.reader)))
        return Coordinator(
            shards: shards, tokenizer: try Tokenizer(metadata: model.metadata), facts: facts,
            configuration: CoordinatorConfiguration(
                devices: devices + [inProcess], planning: PlanningPreferences(objective: .throughput), context: 128,
                slots: 2, standby: .nothing, rebalanceGain: nil),
            transport: transport)
    }

    static func request(_ text: String) -> GenerationRequest {
        // Every byte is a token of its own.
        GenerationRequest(
            prompt: text.utf8.map { TokenID($0) + 3 }, maximumTokens: 6, sampling: .greedy,
            ignoreEndOfGeneration: true)
    }

    /// The request that nobody has begun alike is answered rightly.
    func check(_ coordinator: Coordinator) async throws {
        let answer = try await coordinator.answer(Self.request("the user"))
        precondition(answer.error == nil, "the honest request failed: \(answer.error!.message)")
        precondition(
            answer.tokens == expected, "the honest request has other tokens: \(answer.tokens), not \(expected)")
    }
}
