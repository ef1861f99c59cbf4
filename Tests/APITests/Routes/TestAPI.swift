import API
import CoordinatorCore
import Foundation
import Hummingbird
import HummingbirdTesting
import NIOCore
import Sampling
import TestSupport
import Tokenizer

/// The API over a small cluster, without a socket.
struct TestAPI {
    let cluster: LocalCluster
    let history = ClusterHistory()
    private let application: Application<RouterResponder<APIContext>>

    /// A cluster that answers, or one that has not started.
    init(
        context: Int = 256, slots: Int = 4, queue: Int = 256, started: Bool = true,
        access: AccessControl = .withoutKeys, chatTemplate: ChatTemplateChoice = .model
    ) async throws {
        var settings = LocalCluster.Settings()
        settings.context = context
        settings.slots = slots
        settings.queue = queue
        cluster = try await LocalCluster.prepare(workers: 1, settings: settings)
        let host = ModelHost(
            present: cluster.coordinator, transport: LocalWorker.makeTransport(), history: history,
            prepare: { path, _, _ in throw CoordinatorError(.model, "\(path) is not to be placed") })
        application = Application(
            router: makeAPI(host: host, access: access, chatTemplate: chatTemplate),
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            logger: LocalWorker.logger)
        if started { try await cluster.coordinator.start() }
    }

    /// Keeps one slot taken until what is returned is cancelled.
    func occupySlot() async throws -> Task<CollectedAnswer, any Error> {
        let coordinator = cluster.coordinator
        let request = GenerationRequest(prompt: [5, 6], sampling: .greedy, ignoreEndOfGeneration: true, client: "long")
        let task = Task { await CollectedAnswer(try coordinator.generate(request)) }
        while await coordinator.report().runningSequences == 0 { try await Task.sleep(for: .milliseconds(2)) }
        return task
    }

    func get(_ path: String, key: String? = nil) async throws -> Answered { try await send(.get, path, key: key) }

    /// Sends JSON, as it stands.
    func post(_ path: String, _ body: String, key: String? = nil) async throws -> Answered {
        try await send(.post, path, body, key: key)
    }

    func send(
        _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil, key: String? = nil
    ) async throws -> Answered {
        var headers = HTTPFields()
        if body != nil { headers[.contentType] = "application/json" }
        if let key { headers[.authorization] = "Bearer \(key)" }
        return try await application.test(.router) { [headers] client in
            try await client.execute(
                uri: path, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) }
            ) { response in
                Answered(
                    status: response.status.code,
                    headers: Dictionary(
                        response.headers.map { ($0.name.canonicalName, $0.value) },
                        uniquingKeysWith: { first, _ in first }),
                    body: String(buffer: response.body))
            }
        }
    }
}

extension AccessControl {
    /// Lets everybody in.
    static var withoutKeys: AccessControl { AccessControl(.onceKeysExist, logger: LocalWorker.logger) { [] } }
}

/// A response.
struct Answered: Sendable {
    var status: Int
    /// By lower-case name.
    var headers: [String: String]
    var body: String

    /// The body as JSON.
    func json<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: Data(body.utf8))
    }

    /// What went wrong, of a response that is an error.
    var error: ErrorBody.Details? { try? json(ErrorBody.self).error }

    /// The data of server-sent events, in order.
    var events: [String] {
        body.components(separatedBy: "\n\n").filter { !$0.isEmpty }.map { event in
            event.split(separator: "\n").filter { $0.hasPrefix("data: ") }.map { $0.dropFirst(6) }.joined(
                separator: "\n")
        }
    }

    /// The events as JSON, without the end mark.
    func chunks<Value: Decodable>(_ type: Value.Type) throws -> [Value] {
        try events.filter { $0 != "[DONE]" }.map { try JSONDecoder().decode(type, from: Data($0.utf8)) }
    }
}

/// A chat answer, whole or in pieces, as a client reads it.
struct ReadChat: Decodable {
    struct Choice: Decodable {
        struct Text: Decodable {
            var role: String?
            var content: String?
        }
        var index: Int
        var message: Text?
        var delta: Text?
        var finishReason: String?

        enum CodingKeys: String, CodingKey {
            case index, message, delta
            case finishReason = "finish_reason"
        }
    }
    var id: String
    var object: String
    var created: Int
    var model: String
    var choices: [Choice]
    var usage: UsageBody?
}

/// A text answer, whole or in pieces, as a client reads it.
struct ReadText: Decodable {
    struct Choice: Decodable {
        var index: Int
        var text: String
        var finishReason: String?

        enum CodingKeys: String, CodingKey {
            case index, text
            case finishReason = "finish_reason"
        }
    }
    var id: String
    var object: String
    var model: String
    var choices: [Choice]
    var usage: UsageBody?
}
