import ModelParts
import NIOCore
import Wire

/// SplitMix64 (Steele, Lea, Flood 2014): a seeded generator, so that a failing run can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// One value of every kind.
enum Samples {
    static func id(_ first: UInt8) -> ShardID {
        guard let id = ShardID((0..<32).map { first &+ $0 }) else { preconditionFailure("32 bytes are an id") }
        return id
    }

    static let stage = StageReport(
        session: 0xfeed_f00d_0123_4567, epoch: 3, stage: 1, modelName: "SmolLM2",
        range: StageRange(embedding: false, layers: 10..<20), weightBytes: 1 << 40, keyValueBytes: 77,
        sequences: 4,
        work: StageWork(
            steps: 5, rows: 6, computeNanoseconds: 1 << 50, waitNanoseconds: 7, receivedBytes: 8,
            sentBytes: WireLimits.count,
            networkSteps: 9, networkNanoseconds: 10))

    static let profile = DeviceProfile(
        measuredAt: 1_790_000_000, threads: 4, instructionSet: "dotprod", readBytesPerSecond: 11_400_000_000,
        diskBytesPerSecond: 90_000_000,
        products: [
            ProductRate(elementType: 2, rows: 1, bytesPerSecond: 9_000_000_000),
            ProductRate(elementType: 2, rows: 64, bytesPerSecond: 600_000_000),
        ], quotaThousandths: 1500, quotaPeriodMicroseconds: 100_000)

    static let identities = ["0123456789abcdef0123456789abcdef", "ffffffffffffffffffffffffffffffff"]

    static let load = LoadStage(
        epoch: 9, stage: 2, range: StageRange(embedding: true, layers: 0..<30, head: true),
        shards: [id(1), id(2), id(3)], modelName: "größer", compute: .f32, keyValueType: .q8_0, context: 2048, slots: 8,
        next: .worker(address: "[::1]:7078", stage: 3, identity: identities[0]), activationCodec: .f16,
        keyValuePositions: 1 << 40,
        windows: [WindowRoom(window: 128, positions: 0), WindowRoom(window: .max, positions: 1 << 40)],
        upstream: identities[1], expertBytesOnDisk: 1 << 50)

    static let standby: LoadStage = {
        var standby = load
        standby.next = .coordinator
        standby.caches = [
            CacheSource(epoch: 8, stage: 1), CacheSource(epoch: 7, stage: 2, address: "[fe80::1]:7077"),
            CacheSource(epoch: 7, stage: 3, address: "pi2:7077", identity: identities[0]),
        ]
        standby.sequences = [
            KeptSequence(sequence: 1, positions: 1 << 28, trims: .max), KeptSequence(sequence: .max, positions: 0),
        ]
        standby.standby = true
        return standby
    }()

    static let inventory = CacheInventory(sequences: [
        CachedSequence(sequence: 1, positions: 200, trims: 3, reach: 1 << 28),
        CachedSequence(sequence: 9, positions: 1 << 28, trims: .max, sharedPositions: 128, sharedWith: 1),
    ])

    static let bodies: [ControlBody] = [
        .hello(
            Hello(
                lowestVersion: 1, highestVersion: 7, role: .upstream, session: .max, name: "pi1",
                softwareVersion: "0.1.0")),
        .welcome(Welcome(version: 1, name: "pi2", softwareVersion: "0.1.0")),
        .refusal(Refusal(code: .busy, message: "lap has it", lowestVersion: 1, highestVersion: 2)),
        .ping(Ping(nonce: 5)),
        .pong(Pong(nonce: .max)),
        .goodbye(Goodbye(reason: "done")),
        .failure(Failure(code: .shardCorrupt, message: "no")),
        .failure(Failure(code: .storeFull, message: "no", shard: id(4))),
        .describeDevice(DescribeDevice()), .describeDevice(DescribeDevice(diagnose: true)),
        .deviceReport(
            DeviceReport(
                name: "pi1", softwareVersion: "0.1.0", cores: 4, threads: 3, instructionSet: "neon",
                architecture: .arm64,
                memoryBudgetBytes: 1 << 33, residentBytes: 1 << 20, storeBytes: 5, stages: [stage, stage],
                profile: profile, storeLimitBytes: 1 << 34, instance: identities[1], isNamed: true)),
        .deviceReport(
            DeviceReport(
                name: "pi1", softwareVersion: "0.1.0", cores: 4, threads: 3, instructionSet: "neon",
                architecture: .arm64, memoryBudgetBytes: 1, residentBytes: 1, storeBytes: 5, stages: [],
                sensors: DeviceSensors(
                    millikelvin: 334_150, megahertz: 1500, highestMegahertz: 2400, throttling: 0x50005,
                    milliwatts: 6800,
                    powerSource: "ina226", busyThousandths: 1000, activeThreads: 2, slowerHundredths: 400),
                clockSeconds: 1_800_000_000,
                diagnosis: [
                    DeviceFinding(check: "swap", severity: .problem, what: "memory is swapped", mend: "swapoff -a"),
                    DeviceFinding(check: "clock", severity: .hint, what: "", mend: ""),
                ])),
        .deviceReport(
            DeviceReport(
                name: "", softwareVersion: "", cores: 0, threads: 0, instructionSet: "", architecture: .arm64,
                memoryBudgetBytes: 0, residentBytes: 0, storeBytes: 0, stages: [], sensors: DeviceSensors(),
                diagnosis: [])),
        .measureDevice(MeasureDevice(again: true)),
        .deviceProfile(profile),
        .measureLink(MeasureLink(address: "pi2:7077")),
        .measureLink(MeasureLink(address: "pi2:7077", identity: identities[0])),
        .linkProfile(LinkProfile(roundTripNanoseconds: 300_000, bytesPerSecond: 117_000_000)),
        .linkProbe(LinkProbe(payload: [1, 2, 0, 3], replyBytes: 7)),
        .linkProbeReply(LinkProbeReply(payload: [9, 0])),
        .shardInquiry(ShardInquiry(ids: [id(7), id(8)])), .shardInquiry(ShardInquiry(ids: [id(9)], forgets: true)),
        .shardInventory(
            ShardInventory(shards: [
                ShardHolding(id: id(7), bytesHeld: 1 << 33, complete: false),
                ShardHolding(id: id(8), bytesHeld: 2, complete: true),
            ])),
        .shardPieceAccepted(ShardPieceAccepted(id: id(7), bytesHeld: 12)),
        .shardStored(ShardStored(id: id(9))),
        .fetchShard(FetchShard(id: id(3), totalBytes: 1 << 33, addresses: ["pi1:7077", "[::1]:7078"])),
        .fetchShard(FetchShard(id: id(3), totalBytes: 1, addresses: ["pi1:7077", "pi2:7077"], identities: identities)),
        .shardRequest(ShardRequest(id: id(3), offset: 1 << 20, count: 1 << 33)),
        .loadStage(load),
        .loadStage(standby),
        .stageProgress(StageProgress(epoch: 9, stage: 2, done: 5, total: 10)),
        .stageLoaded(StageLoaded(epoch: 9, stage: 2, weightBytes: 100, loadMilliseconds: 1234)),
        .stageLoaded(
            StageLoaded(
                epoch: 9, stage: 2, weightBytes: 100, loadMilliseconds: 1234, sequences: standby.sequences)),
        .unloadStages(UnloadStages(epochsThrough: 8)),
        .stagesUnloaded(StagesUnloaded()),
        .stepFailed(
            StepFailed(
                epoch: 1, step: 1 << 40, stage: 2, code: .contextFull, message: "full", sequences: [1, 2, .max])),
        .peerLost(PeerLost(epoch: 1, stage: 2, message: "gone")),
        .admitPeers(AdmitPeers()), .admitPeers(AdmitPeers(upstream: identities, caches: [identities[1]])),
        .peersAdmitted(PeersAdmitted()),
        .cacheInquiry(CacheInquiry(epoch: .max, stage: 3)),
        .cacheInventory(inventory), .cacheInventory(CacheInventory(sequences: [])),
        .cacheRequest(CacheRequest(epoch: 8, stage: 3, sequence: .max, layers: 4..<65_536, pages: 0..<(1 << 22))),
        .joinRequest(
            JoinRequest(
                secret: [UInt8](repeating: 7, count: 32), name: "größer", signingRequest: [0x30, 0, 1], port: 7077,
                address: "192.168.1.7")),
        .joinRequest(JoinRequest(secret: [], name: "pi1", signingRequest: [0x30], port: .max)),
        .joinReply(JoinReply(certificates: [[0x30, 1], [0x30, 2, 3]])),
        .joinReply(JoinReply(certificates: [[0x30, 1], [0x30, 2, 3]], clockSeconds: 1 << 60)),
        .joinRequest(JoinRequest(secret: [1], name: "pi1", signingRequest: [0x30], port: 1, clockSeconds: 1 << 60)),
        .pairingRequest(PairingRequest(name: "größer", port: .max, clockSeconds: 1 << 60)),
        .pairingPlace(PairingPlace(place: 31, seconds: 3_600)),
        .pairingShare(
            PairingShare(
                session: [UInt8](repeating: 1, count: 16), share: [UInt8](repeating: 2, count: 32),
                fingerprint: [UInt8](repeating: 3, count: 32), clockSeconds: 1_800_000_000)),
        .pairingAnswer(
            PairingAnswer(share: [UInt8](repeating: 4, count: 32), confirmation: [UInt8](repeating: 5, count: 64))),
        .pairingConfirmation(PairingConfirmation(confirmation: [], tries: 16)),
        .pairingConfirmation(
            PairingConfirmation(confirmation: [UInt8](repeating: 6, count: 64), expires: 1_800_000_600)),
        .revocations(Revocations(version: .max, devices: ["0123456789abcdef0123456789abcdef", "b"])),
        .revocations(Revocations(version: 0, devices: [])),
        .revocationsTaken(RevocationsTaken()),
    ]

    /// Every kind of entry; 9 rows named, 4 wanted.
    static let entries: [StepEntry] = [
        .open(sequence: 1), .rows(sequence: 1, position: 0, count: 3, output: .last),
        .fork(sequence: 2, from: 1, positions: 3), .trim(sequence: 2, to: 2),
        .rows(sequence: 2, position: 2, count: 3, output: .all),
        .rows(sequence: 7, position: 1 << 20, count: 3, output: .none), .close(sequence: .max),
    ]

    static func step(
        _ codec: ActivationCodec = .f32, width: Int = 32, pruned: Bool = false, entries: [StepEntry] = entries
    ) -> StepFrame {
        var frame = StepFrame(
            epoch: 4, stage: 1, step: 99, entries: entries, width: width, codec: codec, pruned: pruned)
        let bytes = frame.rowCount * codec.rowBytes(width: width)
        frame.payload = ByteBuffer(bytes: (0..<bytes).map { UInt8(truncatingIfNeeded: $0) })
        return frame
    }

    static let piece = ShardPiece(
        id: id(5), offset: 1 << 33, totalBytes: (1 << 33) + 10, bytes: ByteBuffer(bytes: [1, 2, 3]))

    static let cache = CachePiece(
        epoch: 4, stage: 3, sequence: .max, layer: 65_535, page: (1 << 22) - 1, trims: 5,
        bytes: ByteBuffer(bytes: [1, 2, 3]))

    /// What a replay may hold.
    static let replay: StepFrame = {
        var frame = step(entries: [
            .rows(sequence: 1, position: 0, count: 3, output: .none), .fork(sequence: 2, from: 1, positions: 3),
            .rows(sequence: 2, position: 2, count: 1, output: .none),
        ])
        frame.replayThrough = .max
        return frame
    }()

    static let frames: [Frame] =
        bodies.enumerated().map { .control(ControlMessage(request: UInt64($0.offset) << 32, body: $0.element)) } + [
            .step(step()), .step(step(.f16)), .step(step(.q8)), .step(step(.tokens, width: 1)),
            .step(step(pruned: true)),
            .step(StepFrame(epoch: 1, stage: 0, step: 2, entries: [.close(sequence: 3)])),
            .step(StepFrame(epoch: 1, stage: 0, step: 2, entries: [])), .piece(piece),
            .step(replay), .cache(cache),
        ]

    static func bytes(of frame: Frame) throws -> ByteBuffer {
        let encoded = try FrameEncoder.encode(frame)
        var buffer = encoded.head
        if var bulk = encoded.bulk { buffer.writeBuffer(&bulk) }
        return buffer
    }

    /// A frame of any kind and payload, right or wrong.
    static func raw(kind: UInt8, payload: ByteBuffer, flags: UInt8 = 0, reserved: UInt16 = 0, end: UInt32 = 0)
        -> ByteBuffer
    {
        var buffer = ByteBuffer(bytes: [0x53, 0x48, 0x4f, 0x4c, kind, flags])
        buffer.writeInteger(reserved, endianness: .little)
        buffer.writeInteger(UInt32(payload.readableBytes), endianness: .little)
        buffer.writeInteger(end, endianness: .little)
        buffer.writeImmutableBuffer(payload)
        return buffer
    }
}
