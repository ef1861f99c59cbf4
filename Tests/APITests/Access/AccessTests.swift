import API
import ClusterStore
import CoordinatorCore
import Synchronization
import TestSupport
import Testing

/// Keys that a test changes while the API is there.
final class TestKeys: Sendable {
    private let keys = Mutex<[AccessKey]>([])
    /// Limits fill up, and keys are read again, when it is moved.
    let clock = ManualClock()

    /// - Returns: the secret.
    @discardableResult
    func add(_ name: String, _ limits: AccessKey.Limits = AccessKey.Limits()) -> String {
        let secret = AccessKey.makeSecret()
        keys.withLock {
            $0.append(
                AccessKey(id: name, name: name, secretHash: AccessKey.hash(of: secret), createdAt: 0, limits: limits))
        }
        return secret
    }

    func remove(_ name: String) { keys.withLock { $0.removeAll { $0.name == name } } }

    func access(_ requirement: AccessControl.Requirement = .onceKeysExist) -> AccessControl {
        let clock = clock
        return AccessControl(requirement, logger: LocalWorker.logger, now: { clock.now }) { self.keys.withLock { $0 } }
    }
}

@Suite(.timeLimit(.minutes(10))) struct AccessTests {
    private let question = #"{"prompt": "Hello", "max_tokens": 2}"#

    @Test func `with a key, everything but health needs one`() async throws {
        let keys = TestKeys()
        let (secret, other) = (keys.add("phone"), AccessKey.makeSecret())
        let api = try await TestAPI(access: keys.access())
        for path in ["/v1/models", "/api/cluster", "/api/models", "/v1/unknown", "/"] {
            for key in [nil, other, "", "nonsense", String(secret.dropLast()), secret + "A"] {
                let refused = try await api.get(path, key: key)
                #expect(refused.status == 401, "\(path)")
                #expect(refused.error?.code == "invalid_api_key")
                #expect(refused.headers["www-authenticate"]?.hasPrefix("Bearer") == true)
                if let key, key.count > 8 { #expect(!refused.body.contains(key)) }
            }
        }
        #expect(try await api.post("/v1/completions", question).status == 401)
        #expect(try await api.post("/api/models/unload", "{}", key: other).status == 401)
        #expect(try await api.get("/health").status == 200)
        #expect(try await api.get("/v1/models", key: secret).status == 200)
        #expect(try await api.get("/v1/unknown", key: secret).status == 404)
        #expect(try await api.post("/v1/completions", question, key: secret).status == 200)
        await api.cluster.stop()
    }

    @Test func `without keys everybody is let in, unless a key is required`() async throws {
        let keys = TestKeys()
        let open = try await TestAPI(access: keys.access())
        #expect(try await open.get("/v1/models").status == 200)
        // What clients send that must send something.
        #expect(try await open.get("/v1/models", key: "none").status == 200)
        await open.cluster.stop()
        let closed = try await TestAPI(access: keys.access(.always))
        #expect(try await closed.get("/v1/models").status == 401)
        #expect(try await closed.get("/v1/models", key: "none").status == 401)
        #expect(try await closed.get("/health").status == 200)
        await closed.cluster.stop()
    }

    @Test func `the owner's secret is taken from this machine alone`() async throws {
        let owner = AccessKey.makeSecret()
        let access = AccessControl(.always, owner: owner, logger: LocalWorker.logger) { [] }
        // Without a socket nobody is on this machine.
        let api = try await TestAPI(access: access)
        #expect(try await api.get("/v1/models", key: owner).status == 401)
        await api.cluster.stop()
        for (isLocal, key) in [(true, owner), (true, owner + "x"), (true, ""), (false, owner)] {
            let admitted = try? await access.key(authorization: "Bearer \(key)", isLocal: isLocal)
            #expect((admitted?.name == "owner") == (isLocal && key == owner))
        }
    }

    @Test func `keys that come and go are obeyed while the API is there`() async throws {
        let keys = TestKeys()
        let api = try await TestAPI(access: keys.access())
        /// What a key gets, before changes are looked for again and after.
        func statuses(_ key: String?) async throws -> [Int] {
            let before = try await api.get("/v1/models", key: key).status
            keys.clock.advance(by: AccessControl.freshness)
            return [before, try await api.get("/v1/models", key: key).status]
        }
        #expect(try await statuses(nil) == [200, 200])
        let phone = keys.add("phone")
        #expect(try await statuses(nil) == [200, 401])
        #expect(try await statuses(phone) == [200, 200])
        let desk = keys.add("desk")
        #expect(try await statuses(desk) == [401, 200])
        keys.remove("phone")
        #expect(try await statuses(phone) == [200, 401])
        #expect(try await api.get("/v1/models", key: desk).status == 200)
        await api.cluster.stop()
    }

    @Test func `keys that cannot be read let nobody in`() async throws {
        let access = AccessControl(.onceKeysExist, logger: LocalWorker.logger) {
            throw ClusterStoreError("the disk is gone")
        }
        let api = try await TestAPI(access: access)
        let refused = try await api.get("/v1/models")
        #expect(refused.status == 503)
        #expect(refused.headers["retry-after"] != nil)
        #expect(!refused.body.contains("disk"))
        #expect(try await api.get("/health").status == 200)
        await api.cluster.stop()
    }

    @Test func `a key asks as often in a minute as it may`() async throws {
        let keys = TestKeys()
        let (slow, fast) = (keys.add("slow", .init(requestsPerMinute: 3)), keys.add("fast"))
        let api = try await TestAPI(access: keys.access())
        for _ in 0..<3 { #expect(try await api.get("/v1/models", key: slow).status == 200) }
        let refused = try await api.get("/v1/models", key: slow)
        #expect(refused.status == 429)
        #expect(refused.error?.code == "rate_limit_exceeded")
        #expect(refused.headers["retry-after"] == "20")
        keys.clock.advance(by: .seconds(20))
        #expect(try await api.get("/v1/models", key: slow).status == 200)
        #expect(try await api.get("/v1/models", key: slow).status == 429)
        #expect(try await api.get("/v1/models", key: fast).status == 200)
        await api.cluster.stop()
    }

    @Test(arguments: [true, false]) func `a key has as many answers at a time as it may`(stream: Bool) async throws {
        let keys = TestKeys()
        let (one, other) = (keys.add("one", .init(concurrentRequests: 1)), keys.add("other"))
        // Answers wait for the only slot, and so are not over before they are to be.
        let api = try await TestAPI(context: 1 << 18, slots: 1, access: keys.access())
        let coordinator = api.cluster.coordinator
        let long = try await api.occupySlot()
        let waiting = #"{"prompt": "Hello", "stream": \#(stream), "max_tokens": 2}"#
        async let first = api.post("/v1/completions", waiting, key: one)
        while await coordinator.report().waitingSequences < 1 { try await Task.sleep(for: .milliseconds(2)) }
        let refused = try await api.post("/v1/completions", question, key: one)
        #expect(refused.status == 429)
        #expect(refused.headers["retry-after"] == "1")
        // However the path is written.
        for path in ["//v1/completions", "/v1//completions"] {
            #expect(try await api.post(path, question, key: one).status == 429)
        }
        // Others are not held up, and what is no answer is not counted.
        async let second = api.post("/v1/completions", question, key: other)
        while await coordinator.report().waitingSequences < 2 { try await Task.sleep(for: .milliseconds(2)) }
        #expect(try await api.get("/v1/models", key: one).status == 200)
        long.cancel()
        #expect(try await first.status == 200)
        #expect(try await second.status == 200)
        _ = await long.result
        // One after the other is one at a time.
        for _ in 0..<5 { #expect(try await api.post("/v1/completions", question, key: one).status == 200) }
        // A refused request gives its place back too.
        for _ in 0..<3 { #expect(try await api.post("/v1/completions", "{", key: one).status == 400) }
        #expect(try await api.post("/v1/completions", question, key: one).status == 200)
        await api.cluster.stop()
    }
}
