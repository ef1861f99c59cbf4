import CoordinatorCore
import NIOCore
import Placement
import Wire

/// Payloads of control frames: protobuf envelopes.
package struct ControlFuzz: FuzzFormat {
    package static let name = "control"

    package let corpus: [[UInt8]]

    package init() throws {
        corpus = try Samples.frames.compactMap {
            guard case .control = $0 else { return nil }
            return Array(try Samples.bytes(of: $0).readableBytesView.dropFirst(16))
        }
    }

    package let words: [[UInt8]] = [
        [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
        [0x0a, 0], [0x12, 0], [0x0b], [0x0c], [0x08, 0], [0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f],
    ]

    /// As many empty elements as a frame holds, two bytes each, for every repeated field: (message's number, field's number).
    package var extremes: [[UInt8]] {
        let repeated = [
            (17, 10), (19, 6), (24, 1), (25, 1), (28, 3), (32, 4), (32, 12), (32, 13), (34, 5), (37, 6), (41, 1),
            (49, 1), (50, 2),
        ]
        let unknown = [(16, 15), (5, 9)]
        return (repeated + unknown).map { message, field in
            let body = (0..<(1 << 19) - 4).flatMap { _ -> [UInt8] in [UInt8(field << 3 | 2), 0] }
            var bytes: [UInt8] = []
            append(varint: UInt64(message << 3 | 2), to: &bytes)
            append(varint: UInt64(body.count), to: &bytes)
            return bytes + body
        }
    }

    /// Fields of random numbers, types and values, nested in known messages.
    package func generate(_ random: inout FuzzRandom) -> [UInt8]? {
        var bytes: [UInt8] = []
        if random.oneIn(2) { field(1, 0, random.interesting(), &bytes) }
        let body = message(depth: 0, &random)
        let number = random.oneIn(8) ? random.below(1 << 12) : 2 + random.below(70)
        append(varint: UInt64(number << 3 | 2), to: &bytes)
        append(varint: UInt64(body.count), to: &bytes)
        return bytes + body
    }

    private func message(depth: Int, _ random: inout FuzzRandom) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<random.below(6) {
            let number = random.oneIn(8) ? random.below(1 << 12) : 1 + random.below(18)
            switch random.below(6) {
            case 0, 1, 2: field(number, 0, random.oneIn(2) ? UInt64(random.below(9)) : random.interesting(), &bytes)
            case 3:
                append(varint: UInt64(number << 3 | 2), to: &bytes)
                let text = (0..<random.pick([0, 1, 5, 32, 255, 256])).map { _ in
                    UInt8(random.oneIn(20) ? random.below(256) : 97)
                }
                append(varint: UInt64(text.count), to: &bytes)
                bytes += text
            case 4 where depth < 4:
                let inner = message(depth: depth + 1, &random)
                append(varint: UInt64(number << 3 | 2), to: &bytes)
                append(varint: UInt64(inner.count), to: &bytes)
                bytes += inner
            default: field(number, random.pick([1, 5]), random.interesting(), &bytes)
            }
        }
        return bytes
    }

    private func field(_ number: Int, _ type: Int, _ value: UInt64, _ bytes: inout [UInt8]) {
        append(varint: UInt64(number << 3 | type), to: &bytes)
        switch type {
        case 0: append(varint: value, to: &bytes)
        default: bytes += (0..<(type == 1 ? 8 : 4)).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
        }
    }

    private func append(varint value: UInt64, to bytes: inout [UInt8]) {
        var rest = value
        while rest >= 128 {
            bytes.append(UInt8(rest & 127) | 128)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// Reckons with what a device says of itself as the coordinator does.
    private func use(_ body: ControlBody) {
        let model = ModelSizes(
            layers: Array(repeating: PartSize([WeightBytes(elementType: 2, elements: 64, bytes: 36)]), count: 3),
            embedding: PartSize([]), head: PartSize([]), tiedEmbedding: true, width: 32, vocabulary: 10,
            keyValueBytesPerPositionPerLayer: 8, scratchBytes: 100)
        let own = DeviceCapacity(name: "own", memoryBytes: 1 << 20, isCoordinator: true)
        var request = PlacementRequest(devices: [own], model: model, context: 16, slots: 2)
        request.preferences.usesCoordinator = true
        switch body {
        case .deviceReport(let report):
            _ = report.stages.reduce(UInt64(0)) { $0.saturatingAdd($1.weightBytes) }
            request.devices.append(
                DeviceCapacity(
                    name: "it", memoryBytes: Int(clamping: report.memoryBudgetBytes), diskBytes: report.diskBytes,
                    speed: report.profile.flatMap { DeviceSpeed($0) }))
        case .deviceProfile(let profile):
            request.devices.append(DeviceCapacity(name: "it", memoryBytes: 1 << 20, speed: DeviceSpeed(profile)))
        case .linkProfile(let profile):
            request.devices.append(DeviceCapacity(name: "it", memoryBytes: 1 << 20))
            if let link = LinkSpeed(profile) { request.links.setCoordinatorLink(of: "it", link) }
        default: return
        }
        guard (try? place(request)) != nil else {
            fatalError("\(body) keeps a model from the devices that have room for it")
        }
    }

    package func run(_ input: [UInt8]) -> FuzzOutcome {
        guard let message = try? ControlMessage(payload: ByteBuffer(bytes: input)) else { return .refused }
        guard let bytes = try? Samples.bytes(of: .control(message)) else {
            fatalError("an accepted message cannot be encoded: \(message)")
        }
        let again = try? ControlMessage(payload: ByteBuffer(bytes.readableBytesView.dropFirst(16)))
        precondition(again == message, "\(message) does not survive its encoding")
        use(message.body)
        return .accepted
    }
}
