import ModelParts
import NIOCore
import Testing
import Wire

/// What no device can have, or say, is refused where it is read, so that nothing behind has to reckon with it.
@Suite struct PeersNumbersTests {
    /// Numbers of messages: the envelope's field, the message's field, the largest that is taken.
    private static let numbers: [(message: Int, field: Int, most: UInt64)] = [
        (17, 3, UInt64(WireLimits.deviceThreads)), (17, 4, UInt64(WireLimits.deviceThreads)),
        (17, 7, WireLimits.deviceBytes), (17, 8, WireLimits.deviceBytes), (17, 9, WireLimits.deviceBytes),
        (17, 12, WireLimits.deviceBytes), (19, 1, WireLimits.count), (19, 2, UInt64(WireLimits.deviceThreads)),
        (19, 4, WireLimits.count), (19, 5, WireLimits.count), (21, 1, WireLimits.roundTrip), (21, 2, WireLimits.count),
        (17, 16, WireLimits.count), (19, 9, UInt64(WireLimits.deviceMilliwatts)),
        (19, 10, UInt64(WireLimits.deviceMilliwatts)), (33, 4, WireLimits.deviceBytes), (34, 3, WireLimits.deviceBytes),
        (34, 4, WireLimits.count),
    ]

    @Test(arguments: numbers) func `numbers up to what there can be are taken, and no others`(
        message: Int, field: Int, most: UInt64
    ) throws {
        func read(_ value: UInt64) throws -> ControlMessage {
            try ControlMessage(payload: Self.payload(message, field, value))
        }
        #expect(throws: Never.self) { try read(most) }
        for value in [most + 1, 1 << 63, .max] {
            // Fields of 32 bits are cut by protobuf.
            guard most > UInt64(UInt32.max) || value <= UInt64(UInt32.max) else { continue }
            let error = #expect(throws: WireError.self) { try read(value) }
            #expect(error?.code == .valueOutOfRange)
        }
    }

    @Test func `a device's memory that none has is named as such`() throws {
        let error = #expect(throws: WireError.self) {
            try ControlMessage(payload: Self.payload(17, 7, 1 << 63))
        }
        #expect(error?.message == "DeviceReport.memory_budget_bytes: 9223372036854775808 bytes, which no device has")
    }

    @Test func `progress beyond all bounds is refused`() throws {
        for (done, total) in [(UInt64.max, UInt64.max), (1, 1 << 63), (2, 1)] {
            let progress = StageProgress(epoch: 1, stage: 0, done: done, total: total)
            #expect(throws: WireError.self) { try Self.again(.stageProgress(progress)) }
        }
    }

    @Test func `what is more than can be told is told as the most`() throws {
        let profile = DeviceProfile(
            measuredAt: .max, threads: .max, instructionSet: "", readBytesPerSecond: .max, diskBytesPerSecond: .max,
            products: [ProductRate(elementType: .max, rows: 65_536, bytesPerSecond: .max)],
            quotaThousandths: .max, quotaPeriodMicroseconds: .max)
        let stage = StageReport(
            session: .max, epoch: .max, stage: .max, modelName: "", range: StageRange(layers: 0..<65_536),
            weightBytes: .max, keyValueBytes: .max, sequences: .max,
            work: StageWork(
                steps: .max, rows: .max, computeNanoseconds: .max, waitNanoseconds: .max, receivedBytes: .max,
                sentBytes: .max, networkSteps: .max, networkNanoseconds: .max))
        let report = DeviceReport(
            name: "", softwareVersion: "", cores: .max, threads: .max, instructionSet: "", architecture: .current,
            memoryBudgetBytes: .max, residentBytes: .max, storeBytes: .max, stages: [stage], profile: profile,
            storeLimitBytes: .max)
        guard case .deviceReport(let told) = try Self.again(.deviceReport(report)) else {
            Issue.record("another message")
            return
        }
        #expect(told.memoryBudgetBytes == WireLimits.deviceBytes && told.storeLimitBytes == WireLimits.deviceBytes)
        #expect(told.cores == WireLimits.deviceThreads && told.stages[0].weightBytes == WireLimits.deviceBytes)
        #expect(told.stages[0].work.rows == WireLimits.count && told.profile?.readBytesPerSecond == WireLimits.count)
    }

    @Test func `of a device's sensors and findings likewise`() throws {
        let sensors = DeviceSensors(
            millikelvin: .max, megahertz: .max, highestMegahertz: .max, throttling: .max, milliwatts: .max,
            powerSource: String(repeating: "é", count: 200), busyThousandths: .max, activeThreads: .max,
            slowerHundredths: .max)
        let finding = DeviceFinding(
            check: "a\u{1b}[31m", severity: .hint, what: String(repeating: "x", count: 9999), mend: "b\nc")
        let report = DeviceReport(
            name: "", softwareVersion: "", cores: 0, threads: 0, instructionSet: "", architecture: .current,
            memoryBudgetBytes: 0, residentBytes: 0, storeBytes: 0, stages: [], sensors: sensors,
            diagnosis: Array(repeating: finding, count: 999))
        guard case .deviceReport(let told) = try Self.again(.deviceReport(report)) else {
            Issue.record("another message")
            return
        }
        #expect(told.sensors?.milliwatts == WireLimits.deviceMilliwatts && told.sensors?.busyThousandths == 1000)
        #expect(told.sensors?.powerSource.utf8.count ?? 999 <= WireLimits.nameBytes)
        #expect(told.diagnosis?.count == WireLimits.findings)
        #expect(told.diagnosis?.first?.check == "a\\u{1b}[31m" && told.diagnosis?.first?.mend == "b\\u{a}c")
        #expect(told.diagnosis?.first?.what.utf8.count == WireLimits.findingBytes)
    }

    @Test func `texts end no line and steer no terminal`() throws {
        let text = "a\nshoal: b\u{1b}[31m\u{85}\u{202e}\u{2028}\r\n\tc"
        let escaped = "a\\u{a}shoal: b\\u{1b}[31m\\u{85}\\u{202e}\\u{2028}\\u{d}\\u{a}\\u{9}c"
        let failure = Failure(code: .internalError, message: text)
        #expect(try Self.again(.failure(failure)) == .failure(Failure(code: .internalError, message: escaped)))
        #expect(try Self.again(.goodbye(Goodbye(reason: text))) == .goodbye(Goodbye(reason: escaped)))
        let lost = try Self.again(.peerLost(PeerLost(epoch: 1, stage: 1, message: text)))
        #expect(lost == .peerLost(PeerLost(epoch: 1, stage: 1, message: escaped)))
        // What it takes more is cut.
        guard
            case .failure(let long) = try Self.again(
                .failure(Failure(code: .internalError, message: String(repeating: "\n", count: 4095))))
        else {
            Issue.record("another message")
            return
        }
        #expect(long.message.utf8.count <= WireLimits.messageBytes && long.message.hasPrefix("\\u{a}\\u{a}"))
    }

    /// A message as the other side reads it.
    private static func again(_ body: ControlBody) throws -> ControlBody {
        var bytes = try FrameEncoder.encode(.control(ControlMessage(body: body))).head
        bytes.moveReaderIndex(forwardBy: 16)
        return try ControlMessage(payload: bytes).body
    }

    private static func payload(_ message: Int, _ field: Int, _ value: UInt64) -> ByteBuffer {
        var bytes = varint(UInt64(field << 3)) + varint(value)
        // A DeviceReport's architecture must be known.
        if message == 17 { bytes += [6 << 3, 1] }
        return ByteBuffer(bytes: varint(UInt64(message << 3 | 2)) + varint(UInt64(bytes.count)) + bytes)
    }

    private static func varint(_ value: UInt64) -> [UInt8] {
        var rest = value
        var bytes: [UInt8] = []
        while rest >= 128 {
            bytes.append(UInt8(rest & 127) | 128)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }
}
