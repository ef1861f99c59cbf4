import NIOCore
import Testing
import Wire

@Suite struct ControlMessageTests {
    @Test(arguments: Samples.bodies) func `Every message survives protobuf`(body: ControlBody) throws {
        let message = ControlMessage(request: .max, body: body)
        #expect(try decode(try payload(of: message)) == message)
    }

    @Test func `A coordinator is the next hop when no worker is`() throws {
        var load = Samples.load
        load.next = .coordinator
        let message = ControlMessage(body: .loadStage(load))
        #expect(try decode(try payload(of: message)) == message)
    }

    @Test(arguments: Samples.bodies) func `A message cut anywhere gives another message or a typed error`(
        body: ControlBody
    ) throws {
        let whole = try payload(of: ControlMessage(request: 300, body: body))
        for length in 0..<whole.readableBytes {
            let cut = try #require(whole.getSlice(at: whole.readerIndex, length: length))
            let error = #expect(throws: WireError.self) { _ = try ControlMessage(payload: cut) }
            #expect(error?.code == .malformedMessage || error?.code == .valueOutOfRange)
        }
    }

    @Test func `Fields of later versions are skipped, messages of later versions refused`() throws {
        var bytes = try payload(of: ControlMessage(request: 1, body: Samples.bodies[3]))
        bytes.writeBytes([0xf8, 0x7f, 1])  // field 2047, varint 1
        #expect(try decode(bytes) == ControlMessage(request: 1, body: Samples.bodies[3]))
        let unknown = ByteBuffer(bytes: [0xfa, 0x7f, 0])  // field 2047, empty message
        let error = #expect(throws: WireError.self) { _ = try ControlMessage(payload: unknown) }
        #expect(error?.message.contains("without a message of this version") == true)
    }

    @Test func `Values out of range are refused and named`() throws {
        try expect("Hello: versions 0 to 1", Self.hello(lowest: 0))
        try expect("Hello: versions 2 to 1", Self.hello(lowest: 2))
        try expect("Hello.role: 9", Self.hello(role: 9))
        try expect("Hello.role: 0", Self.hello(role: 0))
        try expect("Hello.name: text of more than 255", Self.hello(name: String(repeating: "x", count: 256)))
        let longest = String(repeating: "x", count: 255)
        #expect(
            try decode(Self.hello(name: longest)).body
                == .hello(
                    Hello(
                        lowestVersion: 1, highestVersion: 1, role: .coordinator, session: 0, name: longest,
                        softwareVersion: "")))
        try expect("Hello.name: not UTF-8", Self.hello(nameBytes: [0x62, 0xff]))
    }

    @Test func `Shard ids have 32 bytes`() throws {
        for count in [0, 31, 33] {
            let inner: [UInt8] = [0x0a, UInt8(count)] + [UInt8](repeating: 1, count: count)
            try expect("ShardInquiry.ids: \(count) bytes", Self.envelope(field: 24, inner))
        }
    }

    @Test func `Stages that compute nothing or run backward are refused`() throws {
        // LoadStage { range: StageRange { first_layer, last_layer } }
        try expect("LoadStage.range: computes nothing", Self.envelope(field: 32, [0x1a, 4, 0x10, 3, 0x18, 3]))
        try expect("layers 4..<3", Self.envelope(field: 32, [0x1a, 4, 0x10, 4, 0x18, 3]))
        try expect("LoadStage.range: missing", Self.envelope(field: 32, []))
        try expect("LoadStage.shards: empty", try load { $0.shards = [] })
        try expect("LoadStage.context: 0", try load { $0.context = 0 })
        try expect("LoadStage.slots: 65537", try load { $0.slots = 65_537 })
        try expect("LoadStage.next_worker.address: empty", try load { $0.next = .worker(address: "", stage: 1) })
        try expect("LoadStage.activation_codec: 1", try load { $0.activationCodec = .tokens })
        try expect(
            "KeptSequence.positions: 268435457",
            try load { $0.sequences = [KeptSequence(sequence: 1, positions: (1 << 28) + 1)] })
        try expect(
            "StageProgress: 2 of 1",
            try payload(
                of: ControlMessage(body: .stageProgress(StageProgress(epoch: 0, stage: 0, done: 2, total: 1)))))
    }

    @Test func `Caches are named within bounds`() throws {
        func request(_ first: UInt8, _ last: [UInt8], pages: [UInt8] = [0x30, 0, 0x38, 1]) -> ByteBuffer {
            Self.envelope(field: 42, [0x20, first, 0x28] + last + pages)
        }
        try expect("CacheRequest.layers: 3..<3", request(3, [3]))
        try expect("CacheRequest.layers: 3..<2", request(3, [2]))
        try expect("CacheRequest.layers: 0..<65537", request(0, Self.varint(65_537)))
        try expect("CacheRequest.pages: 1..<1", request(0, [1], pages: [0x30, 1, 0x38, 1]))
        try expect("CacheRequest.pages: 0..<4194305", request(0, [1], pages: [0x30, 0, 0x38] + Self.varint(4_194_305)))
        let inventory = CacheInventory(sequences: [
            CachedSequence(sequence: 1, positions: 64, sharedPositions: 65, sharedWith: 2)
        ])
        try expect(
            "CachedSequence.shared_positions: 65",
            try payload(of: ControlMessage(body: .cacheInventory(inventory))))
    }

    @Test func `More sources and sequences than may be named are neither sent nor taken`() throws {
        func error(_ change: (inout LoadStage) -> Void) -> WireError? {
            #expect(throws: WireError.self) { _ = try load(change) }
        }
        let source = CacheSource(epoch: 1, stage: 1)
        #expect(error { $0.caches = Array(repeating: source, count: 1_025) }?.code == .tooLarge)
        let most = try load { $0.caches = Array(repeating: source, count: 1_024) }
        guard case .loadStage(let taken) = try decode(most).body else {
            Issue.record("another message")
            return
        }
        #expect(taken.caches.count == 1_024)
        // One more than a message may have, written by hand.
        let sequence: [UInt8] = [0x0a, 0]
        let many = Self.envelope(field: 41, Array(repeating: sequence, count: 65_537).flatMap { $0 })
        try expect("CacheInventory.sequences: 65537 elements; at most 65536", many)
    }

    @Test func `Identities are 32 lower-case hexadecimal digits, one for each address or none`() throws {
        let good = Samples.identities[0]
        for wrong in [
            good.uppercased(), String(good.dropLast()), good + "0", "g" + good.dropFirst(), "shoal:member:" + good,
        ] {
            try expect("LoadStage.upstream: not 32", try load { $0.upstream = wrong })
            try expect(
                "next_worker.identity: not 32", try load { $0.next = .worker(address: "pi", stage: 1, identity: wrong) }
            )
            try expect(
                "CacheSource.identity: not 32",
                try load { $0.caches = [CacheSource(epoch: 1, stage: 1, address: "pi", identity: wrong)] })
            for body in [
                ControlBody.admitPeers(AdmitPeers(upstream: [good, wrong])), .admitPeers(AdmitPeers(caches: [wrong])),
                .measureLink(MeasureLink(address: "pi", identity: wrong)),
                .fetchShard(FetchShard(id: Samples.id(1), totalBytes: 1, addresses: ["pi"], identities: [wrong])),
            ] {
                try expect("not 32 lower-case", try payload(of: ControlMessage(body: body)))
            }
        }
        try expect(
            "AdmitPeers.caches: empty", try payload(of: ControlMessage(body: .admitPeers(AdmitPeers(caches: [""])))))
        let fetch = FetchShard(id: Samples.id(1), totalBytes: 1, addresses: ["pi1", "pi2"], identities: [good])
        try expect(
            "FetchShard.identities: 1 of 2 addresses", try payload(of: ControlMessage(body: .fetchShard(fetch))))
    }

    @Test func `No more devices are admitted than a message may name`() throws {
        let good = Samples.identities[0]
        let most = AdmitPeers(upstream: Array(repeating: good, count: 4_096))
        #expect(try roundTrip(.admitPeers(most)) == .admitPeers(most))
        let more = AdmitPeers(caches: Array(repeating: good, count: 4_097))
        #expect(throws: WireError.self) { try payload(of: ControlMessage(body: .admitPeers(more))) }
        let element = [0x12, 32] + Array(good.utf8)
        try expect(
            "AdmitPeers.caches: 4097 elements",
            Self.envelope(field: 39, Array(repeating: element, count: 4_097).flatMap { $0 }))
    }

    @Test func `Long text is cut at a character, and NUL does not end it`() throws {
        let long = String(repeating: "ü", count: 3_000)
        let cut = try roundTrip(.failure(Failure(code: .internalError, message: long)))
        #expect(cut == .failure(Failure(code: .internalError, message: String(repeating: "ü", count: 2_047))))
        let zero = try roundTrip(.goodbye(Goodbye(reason: "a\0b")))
        #expect(zero == .goodbye(Goodbye(reason: "a\u{fffd}b")))
    }

    private func roundTrip(_ body: ControlBody) throws -> ControlBody {
        try decode(try payload(of: ControlMessage(body: body))).body
    }

    private func decode(_ payload: ByteBuffer) throws -> ControlMessage { try ControlMessage(payload: payload) }

    private func payload(of message: ControlMessage) throws -> ByteBuffer {
        var bytes = try Samples.bytes(of: .control(message))
        bytes.moveReaderIndex(forwardBy: 16)
        return bytes.slice()
    }

    private func load(_ change: (inout LoadStage) -> Void) throws -> ByteBuffer {
        var load = Samples.load
        change(&load)
        return try payload(of: ControlMessage(body: .loadStage(load)))
    }

    private static func hello(
        lowest: UInt8 = 1, role: UInt8 = 1, name: String = "", nameBytes: [UInt8]? = nil
    ) -> ByteBuffer {
        let text = nameBytes ?? Array(name.utf8)
        return envelope(
            field: 2, [0x08, lowest, 0x10, 1, 0x18, role, 0x2a] + varint(text.count) + text)
    }

    /// An envelope with one message, written by hand: protobuf's own encoding, not ours.
    private static func envelope(field: Int, _ message: [UInt8]) -> ByteBuffer {
        ByteBuffer(bytes: varint(field << 3 | 2) + varint(message.count) + message)
    }

    private static func varint(_ value: Int) -> [UInt8] {
        value < 128 ? [UInt8(value)] : [UInt8(value & 127) | 128] + varint(value >> 7)
    }

    private func expect(_ text: String, _ payload: ByteBuffer, sourceLocation: SourceLocation = #_sourceLocation) throws
    {
        let error = #expect(throws: WireError.self, sourceLocation: sourceLocation) {
            _ = try ControlMessage(payload: payload)
        }
        #expect(error?.message.contains(text) == true, "\(error?.message ?? "")", sourceLocation: sourceLocation)
    }
}
