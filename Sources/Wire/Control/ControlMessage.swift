/// One message of the control plane.
package struct ControlMessage: Sendable, Hashable {
    /// The sender's number for a request, which every reply to it carries back; 0 for messages that are neither.
    package var request: UInt64
    /// What is said.
    package var body: ControlBody

    package init(request: UInt64 = 0, body: ControlBody) {
        self.request = request
        self.body = body
    }
}

/// What a control message says; one case per message of `Proto/envelope.proto`.
package enum ControlBody: Sendable, Hashable {
    case hello(Hello)
    case welcome(Welcome)
    case refusal(Refusal)
    case ping(Ping)
    case pong(Pong)
    case goodbye(Goodbye)
    case failure(Failure)
    case describeDevice(DescribeDevice)
    case deviceReport(DeviceReport)
    case measureDevice(MeasureDevice)
    case deviceProfile(DeviceProfile)
    case measureLink(MeasureLink)
    case linkProfile(LinkProfile)
    case linkProbe(LinkProbe)
    case linkProbeReply(LinkProbeReply)
    case shardInquiry(ShardInquiry)
    case shardInventory(ShardInventory)
    case shardPieceAccepted(ShardPieceAccepted)
    case shardStored(ShardStored)
    case fetchShard(FetchShard)
    case shardRequest(ShardRequest)
    case loadStage(LoadStage)
    case stageProgress(StageProgress)
    case stageLoaded(StageLoaded)
    case unloadStages(UnloadStages)
    case stagesUnloaded(StagesUnloaded)
    case stepFailed(StepFailed)
    case peerLost(PeerLost)
    case admitPeers(AdmitPeers)
    case peersAdmitted(PeersAdmitted)
    case cacheInquiry(CacheInquiry)
    case cacheInventory(CacheInventory)
    case cacheRequest(CacheRequest)
    case joinRequest(JoinRequest)
    case joinReply(JoinReply)
    case revocations(Revocations)
    case revocationsTaken(RevocationsTaken)
    case pairingRequest(PairingRequest)
    case pairingPlace(PairingPlace)
    case pairingShare(PairingShare)
    case pairingAnswer(PairingAnswer)
    case pairingConfirmation(PairingConfirmation)
}
