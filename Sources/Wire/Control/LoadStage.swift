package import ModelParts
import CWireProto

/// Asks a worker to make a stage ready; the answers are progress, then loaded or a failure.
package struct LoadStage: Sendable, Hashable {
    /// The placement that the stage belongs to.
    package var epoch: UInt32
    /// Its index of travel: 0 for the first stage that a step reaches.
    package var stage: UInt32
    /// What it computes.
    package var range: StageRange
    /// The shards that it is made of, the configuration shard first.
    package var shards: [ShardID]
    /// The model's name.
    package var modelName: String
    /// The arithmetic.
    package var compute: ComputeMode
    /// What its caches hold.
    package var keyValueType: KeyValueType
    /// The longest sequence, in positions.
    package var context: UInt32
    /// The most sequences open at once.
    package var slots: UInt32
    /// Where results go.
    package var next: NextHop
    /// How the stage writes its results: f32, f16 or q8. Logits are always f32.
    package var activationCodec: ActivationCodec
    /// The stages of earlier epochs whose caches it takes over, as far as their layers are its own.
    package var caches: [CacheSource]
    /// The sequences that it begins with, each with what the sources have of its first positions.
    package var sequences: [KeptSequence]
    /// Whether it takes no steps, and only waits to be taken over: its caches follow those of its sources.
    package var standby: Bool
    /// Positions that the caches of all sequences together are to have room for; 0 is what the worker has.
    package var keyValuePositions: UInt64
    /// For each window of the model's layers, ascending, how much room their caches have; empty has them keep all.
    package var windows: [WindowRoom]
    /// The identity of the device that may send it steps over a link of role `UPSTREAM`, besides the coordinator's own.
    package var upstream: String?
    /// Bytes of its experts that its device's memory has no room for, as the model's file has them: 0 where all fit.
    package var expertBytesOnDisk: UInt64

    package init(
        epoch: UInt32, stage: UInt32, range: StageRange, shards: [ShardID], modelName: String, compute: ComputeMode,
        keyValueType: KeyValueType = .standard, context: UInt32, slots: UInt32, next: NextHop,
        activationCodec: ActivationCodec = .f32, caches: [CacheSource] = [], sequences: [KeptSequence] = [],
        standby: Bool = false, keyValuePositions: UInt64 = 0, windows: [WindowRoom] = [], upstream: String? = nil,
        expertBytesOnDisk: UInt64 = 0
    ) {
        self.epoch = epoch
        self.stage = stage
        self.range = range
        self.shards = shards
        self.modelName = modelName
        self.compute = compute
        self.keyValueType = keyValueType
        self.context = context
        self.slots = slots
        self.next = next
        self.activationCodec = activationCodec
        self.caches = caches
        self.sequences = sequences
        self.standby = standby
        self.keyValuePositions = keyValuePositions
        self.windows = windows
        self.upstream = upstream
        self.expertBytesOnDisk = expertBytesOnDisk
    }
}

/// Where a stage sends its results.
package enum NextHop: Sendable, Hashable {
    /// Back over the link of the coordinator that loaded the stage.
    case coordinator
    /// To the worker at `address` ("host:port"), which must have that identity where links are secured, to the stage with that index of
    /// travel.
    case worker(address: String, stage: UInt32, identity: String? = nil)
}

extension NextHop {
    fileprivate init(_ proto: UnsafeMutablePointer<Shoal__NextWorker>?) throws(WireError) {
        guard let proto = proto?.pointee else {
            self = .coordinator
            return
        }
        let address = try ProtoReading.text(
            proto.address, "LoadStage.next_worker.address", limit: WireLimits.addressBytes)
        guard !address.isEmpty else { throw WireError(.valueOutOfRange, "LoadStage.next_worker.address: empty") }
        self = .worker(
            address: address, stage: proto.stage,
            identity: try ProtoReading.identity(proto.identity, "LoadStage.next_worker.identity"))
    }

    fileprivate func proto(_ arena: inout ProtoArena) -> UnsafeMutablePointer<Shoal__NextWorker>? {
        guard case .worker(let address, let stage, let identity) = self else { return nil }
        let proto = arena.make(shoal__next_worker__init)
        proto.pointee.address = arena.text(address, limit: WireLimits.addressBytes)
        proto.pointee.stage = stage
        proto.pointee.identity = arena.text(identity ?? "", limit: WireLimits.nameBytes)
        return proto
    }
}

extension LoadStage {
    init(_ proto: Shoal__LoadStage) throws(WireError) {
        epoch = proto.epoch
        stage = proto.stage
        range = try StageRange(proto.range, "LoadStage.range")
        shards = try ProtoReading.list(
            proto.shards, proto.n_shards, "LoadStage.shards", limit: WireLimits.shardsPerMessage
        ) { (data) throws(WireError) in try ProtoReading.id(data, "LoadStage.shards") }
        modelName = try ProtoReading.text(proto.model_name, "LoadStage.model_name", limit: WireLimits.nameBytes)
        compute = try ComputeMode(wireNumber: proto.compute.rawValue, "LoadStage.compute")
        keyValueType = try KeyValueType(wireNumber: proto.key_value_type.rawValue, "LoadStage.key_value_type")
        context = try ProtoReading.range(proto.context, 1...WireLimits.context, "LoadStage.context")
        slots = try ProtoReading.range(proto.slots, 1...WireLimits.slots, "LoadStage.slots")
        next = try NextHop(proto.next_worker)
        let codec = ActivationCodec(rawValue: UInt8(truncatingIfNeeded: proto.activation_codec.rawValue))
        guard let codec, proto.activation_codec.rawValue <= UInt8.max, codec != .none, codec != .tokens else {
            throw WireError(
                .valueOutOfRange,
                "LoadStage.activation_codec: \(proto.activation_codec.rawValue) is not one of 2 (f32), 3 (f16), 4 (q8)")
        }
        activationCodec = codec
        caches = try ProtoReading.messages(
            proto.caches, proto.n_caches, "LoadStage.caches", limit: WireLimits.cacheSources
        ) { (source) throws(WireError) in try CacheSource(source) }
        sequences = try KeptSequence.list(proto.sequences, proto.n_sequences, "LoadStage.sequences")
        standby = proto.standby != 0
        keyValuePositions = try ProtoReading.range(
            proto.key_value_positions, 0...WireLimits.keyValuePositions, "LoadStage.key_value_positions")
        windows = try WindowRoom.list(proto.windows, proto.n_windows)
        upstream = try ProtoReading.identity(proto.upstream, "LoadStage.upstream")
        expertBytesOnDisk = try ProtoReading.range(
            proto.expert_bytes_on_disk, 0...WireLimits.deviceBytes, "LoadStage.expert_bytes_on_disk")
        guard !shards.isEmpty else {
            throw WireError(.valueOutOfRange, "LoadStage.shards: empty; the configuration shard is always needed")
        }
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__LoadStage> {
        let proto = arena.make(shoal__load_stage__init)
        proto.pointee.epoch = epoch
        proto.pointee.stage = stage
        proto.pointee.range = try range.proto(&arena)
        guard shards.count <= WireLimits.shardsPerMessage else {
            throw WireError(.tooLarge, "LoadStage.shards: \(shards.count) ids; at most \(WireLimits.shardsPerMessage)")
        }
        let list = arena.array(of: ProtobufCBinaryData.self, count: shards.count)
        for (index, id) in shards.enumerated() { list[index] = arena.id(id) }
        proto.pointee.n_shards = shards.count
        proto.pointee.shards = list
        proto.pointee.model_name = arena.text(modelName, limit: WireLimits.nameBytes)
        proto.pointee.compute = Shoal__ComputeMode(rawValue: compute.wireNumber)
        proto.pointee.key_value_type = Shoal__KeyValueType(rawValue: keyValueType.wireNumber)
        proto.pointee.context = context
        proto.pointee.slots = slots
        proto.pointee.next_worker = next.proto(&arena)
        proto.pointee.activation_codec = Shoal__StepCodec(rawValue: UInt32(activationCodec.rawValue))
        guard caches.count <= WireLimits.cacheSources else {
            throw WireError(.tooLarge, "LoadStage.caches: \(caches.count); at most \(WireLimits.cacheSources)")
        }
        (proto.pointee.caches, proto.pointee.n_caches) = arena.list(caches) { $0.proto(&$1) }
        (proto.pointee.sequences, proto.pointee.n_sequences) = try KeptSequence.list(
            sequences, "LoadStage.sequences", &arena)
        proto.pointee.standby = standby ? 1 : 0
        proto.pointee.key_value_positions = keyValuePositions
        guard windows.count <= WireLimits.windows else {
            throw WireError(.tooLarge, "LoadStage.windows: \(windows.count); at most \(WireLimits.windows)")
        }
        (proto.pointee.windows, proto.pointee.n_windows) = arena.list(windows) { $0.proto(&$1) }
        proto.pointee.upstream = arena.text(upstream ?? "", limit: WireLimits.nameBytes)
        proto.pointee.expert_bytes_on_disk = min(expertBytesOnDisk, WireLimits.deviceBytes)
        return proto
    }
}
