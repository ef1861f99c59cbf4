import CWireProto
package import NIOCore

extension ControlMessage {
    /// Reads a control frame's payload.
    ///
    /// - Throws: `WireError` when it is not a known message with values that it may have.
    package init(payload: ByteBuffer) throws(WireError) {
        let envelope = payload.withUnsafeReadableBytes { bytes in
            ProtoBudget.withAllocator { allocator in
                shoal__envelope__unpack(allocator, bytes.count, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
            }
        }
        guard let envelope else {
            throw WireError(
                .malformedMessage,
                "control frame: \(payload.readableBytes) bytes that are no protobuf Envelope, or one that takes too much memory"
            )
        }
        defer { shoal__envelope__free_unpacked(envelope, nil) }
        self.init(request: envelope.pointee.request, body: try ControlBody(envelope.pointee))
    }

    /// Calls `body` with the message as protobuf-c has it, valid during the call.
    func withProto<Result>(
        _ body: (PreparedEnvelope) throws(WireError) -> Result
    ) throws(WireError) -> Result {
        var arena = ProtoArena()
        let envelope = arena.make(shoal__envelope__init)
        envelope.pointee.request = request
        try self.body.fill(&envelope.pointee, &arena)
        return try body(PreparedEnvelope(pointer: envelope))
    }
}

/// An envelope that is ready to be written.
struct PreparedEnvelope {
    fileprivate let pointer: UnsafeMutablePointer<Shoal__Envelope>

    var byteCount: Int { shoal__envelope__get_packed_size(pointer) }

    func pack(into buffer: inout ByteBuffer) {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: byteCount) { bytes in
            shoal__envelope__pack(pointer, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
        }
    }
}

extension ControlBody {
    fileprivate init(_ envelope: Shoal__Envelope) throws(WireError) {
        self =
            switch envelope.body_case {
            case SHOAL__ENVELOPE__BODY_HELLO: .hello(try Hello(envelope.hello.pointee))
            case SHOAL__ENVELOPE__BODY_WELCOME: .welcome(try Welcome(envelope.welcome.pointee))
            case SHOAL__ENVELOPE__BODY_REFUSAL: .refusal(try Refusal(envelope.refusal.pointee))
            case SHOAL__ENVELOPE__BODY_PING: .ping(try Ping(envelope.ping.pointee))
            case SHOAL__ENVELOPE__BODY_PONG: .pong(try Pong(envelope.pong.pointee))
            case SHOAL__ENVELOPE__BODY_GOODBYE: .goodbye(try Goodbye(envelope.goodbye.pointee))
            case SHOAL__ENVELOPE__BODY_FAILURE: .failure(try Failure(envelope.failure.pointee))
            case SHOAL__ENVELOPE__BODY_DESCRIBE_DEVICE:
                .describeDevice(DescribeDevice(envelope.describe_device.pointee))
            case SHOAL__ENVELOPE__BODY_DEVICE_REPORT: .deviceReport(try DeviceReport(envelope.device_report.pointee))
            case SHOAL__ENVELOPE__BODY_MEASURE_DEVICE: .measureDevice(MeasureDevice(envelope.measure_device.pointee))
            case SHOAL__ENVELOPE__BODY_DEVICE_PROFILE:
                .deviceProfile(try DeviceProfile(envelope.device_profile.pointee))
            case SHOAL__ENVELOPE__BODY_MEASURE_LINK: .measureLink(try MeasureLink(envelope.measure_link.pointee))
            case SHOAL__ENVELOPE__BODY_LINK_PROFILE: .linkProfile(try LinkProfile(envelope.link_profile.pointee))
            case SHOAL__ENVELOPE__BODY_LINK_PROBE: .linkProbe(try LinkProbe(envelope.link_probe.pointee))
            case SHOAL__ENVELOPE__BODY_LINK_PROBE_REPLY:
                .linkProbeReply(try LinkProbeReply(envelope.link_probe_reply.pointee))
            case SHOAL__ENVELOPE__BODY_SHARD_INQUIRY: .shardInquiry(try ShardInquiry(envelope.shard_inquiry.pointee))
            case SHOAL__ENVELOPE__BODY_SHARD_INVENTORY:
                .shardInventory(try ShardInventory(envelope.shard_inventory.pointee))
            case SHOAL__ENVELOPE__BODY_SHARD_PIECE_ACCEPTED:
                .shardPieceAccepted(try ShardPieceAccepted(envelope.shard_piece_accepted.pointee))
            case SHOAL__ENVELOPE__BODY_SHARD_STORED: .shardStored(try ShardStored(envelope.shard_stored.pointee))
            case SHOAL__ENVELOPE__BODY_FETCH_SHARD: .fetchShard(try FetchShard(envelope.fetch_shard.pointee))
            case SHOAL__ENVELOPE__BODY_SHARD_REQUEST: .shardRequest(try ShardRequest(envelope.shard_request.pointee))
            case SHOAL__ENVELOPE__BODY_LOAD_STAGE: .loadStage(try LoadStage(envelope.load_stage.pointee))
            case SHOAL__ENVELOPE__BODY_STAGE_PROGRESS:
                .stageProgress(try StageProgress(envelope.stage_progress.pointee))
            case SHOAL__ENVELOPE__BODY_STAGE_LOADED: .stageLoaded(try StageLoaded(envelope.stage_loaded.pointee))
            case SHOAL__ENVELOPE__BODY_UNLOAD_STAGES: .unloadStages(try UnloadStages(envelope.unload_stages.pointee))
            case SHOAL__ENVELOPE__BODY_STAGES_UNLOADED:
                .stagesUnloaded(StagesUnloaded(envelope.stages_unloaded.pointee))
            case SHOAL__ENVELOPE__BODY_STEP_FAILED: .stepFailed(try StepFailed(envelope.step_failed.pointee))
            case SHOAL__ENVELOPE__BODY_PEER_LOST: .peerLost(try PeerLost(envelope.peer_lost.pointee))
            case SHOAL__ENVELOPE__BODY_ADMIT_PEERS: .admitPeers(try AdmitPeers(envelope.admit_peers.pointee))
            case SHOAL__ENVELOPE__BODY_PEERS_ADMITTED: .peersAdmitted(PeersAdmitted(envelope.peers_admitted.pointee))
            case SHOAL__ENVELOPE__BODY_CACHE_INQUIRY: .cacheInquiry(try CacheInquiry(envelope.cache_inquiry.pointee))
            case SHOAL__ENVELOPE__BODY_CACHE_INVENTORY:
                .cacheInventory(try CacheInventory(envelope.cache_inventory.pointee))
            case SHOAL__ENVELOPE__BODY_CACHE_REQUEST: .cacheRequest(try CacheRequest(envelope.cache_request.pointee))
            case SHOAL__ENVELOPE__BODY_JOIN_REQUEST: .joinRequest(try JoinRequest(envelope.join_request.pointee))
            case SHOAL__ENVELOPE__BODY_JOIN_REPLY: .joinReply(try JoinReply(envelope.join_reply.pointee))
            case SHOAL__ENVELOPE__BODY_REVOCATIONS: .revocations(try Revocations(envelope.revocations.pointee))
            case SHOAL__ENVELOPE__BODY_REVOCATIONS_TAKEN:
                .revocationsTaken(RevocationsTaken(envelope.revocations_taken.pointee))
            case SHOAL__ENVELOPE__BODY_PAIRING_REQUEST:
                .pairingRequest(try PairingRequest(envelope.pairing_request.pointee))
            case SHOAL__ENVELOPE__BODY_PAIRING_PLACE:
                .pairingPlace(try PairingPlace(envelope.pairing_place.pointee))
            case SHOAL__ENVELOPE__BODY_PAIRING_SHARE:
                .pairingShare(try PairingShare(envelope.pairing_share.pointee))
            case SHOAL__ENVELOPE__BODY_PAIRING_ANSWER:
                .pairingAnswer(try PairingAnswer(envelope.pairing_answer.pointee))
            case SHOAL__ENVELOPE__BODY_PAIRING_CONFIRMATION:
                .pairingConfirmation(try PairingConfirmation(envelope.pairing_confirmation.pointee))
            default: throw WireError(.malformedMessage, "control frame: an Envelope without a message of this version")
            }
    }

    fileprivate func fill(_ envelope: inout Shoal__Envelope, _ arena: inout ProtoArena) throws(WireError) {
        switch self {
        case .hello(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_HELLO
            envelope.hello = try message.proto(&arena)
        case .welcome(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_WELCOME
            envelope.welcome = try message.proto(&arena)
        case .refusal(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_REFUSAL
            envelope.refusal = try message.proto(&arena)
        case .ping(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_PING
            envelope.ping = try message.proto(&arena)
        case .pong(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_PONG
            envelope.pong = try message.proto(&arena)
        case .goodbye(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_GOODBYE
            envelope.goodbye = try message.proto(&arena)
        case .failure(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_FAILURE
            envelope.failure = try message.proto(&arena)
        case .describeDevice(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_DESCRIBE_DEVICE
            envelope.describe_device = try message.proto(&arena)
        case .deviceReport(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_DEVICE_REPORT
            envelope.device_report = try message.proto(&arena)
        case .measureDevice(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_MEASURE_DEVICE
            envelope.measure_device = try message.proto(&arena)
        case .deviceProfile(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_DEVICE_PROFILE
            envelope.device_profile = try message.proto(&arena)
        case .measureLink(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_MEASURE_LINK
            envelope.measure_link = try message.proto(&arena)
        case .linkProfile(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_LINK_PROFILE
            envelope.link_profile = try message.proto(&arena)
        case .linkProbe(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_LINK_PROBE
            envelope.link_probe = try message.proto(&arena)
        case .linkProbeReply(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_LINK_PROBE_REPLY
            envelope.link_probe_reply = try message.proto(&arena)
        case .shardInquiry(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_SHARD_INQUIRY
            envelope.shard_inquiry = try message.proto(&arena)
        case .shardInventory(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_SHARD_INVENTORY
            envelope.shard_inventory = try message.proto(&arena)
        case .shardPieceAccepted(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_SHARD_PIECE_ACCEPTED
            envelope.shard_piece_accepted = try message.proto(&arena)
        case .shardStored(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_SHARD_STORED
            envelope.shard_stored = try message.proto(&arena)
        case .fetchShard(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_FETCH_SHARD
            envelope.fetch_shard = try message.proto(&arena)
        case .shardRequest(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_SHARD_REQUEST
            envelope.shard_request = try message.proto(&arena)
        case .loadStage(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_LOAD_STAGE
            envelope.load_stage = try message.proto(&arena)
        case .stageProgress(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_STAGE_PROGRESS
            envelope.stage_progress = try message.proto(&arena)
        case .stageLoaded(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_STAGE_LOADED
            envelope.stage_loaded = try message.proto(&arena)
        case .unloadStages(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_UNLOAD_STAGES
            envelope.unload_stages = try message.proto(&arena)
        case .stagesUnloaded(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_STAGES_UNLOADED
            envelope.stages_unloaded = try message.proto(&arena)
        case .stepFailed(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_STEP_FAILED
            envelope.step_failed = try message.proto(&arena)
        case .peerLost(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_PEER_LOST
            envelope.peer_lost = try message.proto(&arena)
        case .admitPeers(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_ADMIT_PEERS
            envelope.admit_peers = try message.proto(&arena)
        case .peersAdmitted(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_PEERS_ADMITTED
            envelope.peers_admitted = try message.proto(&arena)
        case .cacheInquiry(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_CACHE_INQUIRY
            envelope.cache_inquiry = try message.proto(&arena)
        case .cacheInventory(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_CACHE_INVENTORY
            envelope.cache_inventory = try message.proto(&arena)
        case .cacheRequest(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_CACHE_REQUEST
            envelope.cache_request = try message.proto(&arena)
        case .joinRequest(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_JOIN_REQUEST
            envelope.join_request = try message.proto(&arena)
        case .joinReply(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_JOIN_REPLY
            envelope.join_reply = try message.proto(&arena)
        case .revocations(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_REVOCATIONS
            envelope.revocations = try message.proto(&arena)
        case .revocationsTaken(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_REVOCATIONS_TAKEN
            envelope.revocations_taken = try message.proto(&arena)
        case .pairingRequest(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_PAIRING_REQUEST
            envelope.pairing_request = try message.proto(&arena)
        case .pairingPlace(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_PAIRING_PLACE
            envelope.pairing_place = try message.proto(&arena)
        case .pairingShare(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_PAIRING_SHARE
            envelope.pairing_share = try message.proto(&arena)
        case .pairingAnswer(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_PAIRING_ANSWER
            envelope.pairing_answer = try message.proto(&arena)
        case .pairingConfirmation(let message):
            envelope.body_case = SHOAL__ENVELOPE__BODY_PAIRING_CONFIRMATION
            envelope.pairing_confirmation = try message.proto(&arena)
        }
    }
}
