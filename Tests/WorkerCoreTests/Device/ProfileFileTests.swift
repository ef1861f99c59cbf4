import Foundation
import TestSupport
import Testing
import Wire
import WorkerCore

/// When a kept profile is used, and when not.
struct ProfileFileTests {
    private let conditions = MeasuringConditions(
        softwareVersion: "1.2", threads: 4, instructionSet: "neon", quotaThousandths: 1500,
        quotaPeriodMicroseconds: 100_000)
    private let profile = DeviceProfile(
        measuredAt: 1_790_000_000, threads: 4, instructionSet: "neon", readBytesPerSecond: 11_000_000_000,
        diskBytesPerSecond: 0,
        products: [
            ProductRate(elementType: 2, rows: 1, bytesPerSecond: 9),
            ProductRate(elementType: 2, rows: 64, bytesPerSecond: 3),
        ], quotaThousandths: 1500,
        quotaPeriodMicroseconds: 100_000)

    @Test func `a profile is kept as it was measured`() throws {
        let folder = try TemporaryFolder()
        let file = ProfileFile(folder: folder.path + "/made", conditions: conditions)
        #expect(file.load() == nil)
        file.store(profile)
        #expect(ProfileFile(folder: folder.path + "/made", conditions: conditions).load() == profile)
        folder.remove()
    }

    @Test func `under other conditions it must be measured again`() throws {
        let folder = try TemporaryFolder()
        ProfileFile(folder: folder.path, conditions: conditions).store(profile)
        var others = Array(repeating: conditions, count: 5)
        others[0].softwareVersion = "1.3"
        others[1].threads = 3
        others[2].instructionSet = "dotprod"
        others[3].quotaThousandths = 0
        others[4].quotaPeriodMicroseconds = 5_000
        for other in others { #expect(ProfileFile(folder: folder.path, conditions: other).load() == nil) }
        // Of each number of threads and set of instructions one is kept.
        ProfileFile(folder: folder.path, conditions: others[1]).store(profile)
        #expect(ProfileFile(folder: folder.path, conditions: conditions).load() == profile)
        folder.remove()
    }

    @Test(arguments: ["", "{}", "{\"threads\": 4", "\u{0}"]) func `a damaged file is as good as none`(text: String)
        throws
    {
        let folder = try TemporaryFolder()
        let file = ProfileFile(folder: folder.path, conditions: conditions)
        file.store(profile)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(names.count == 1)
        try Data(text.utf8).write(to: URL(filePath: folder.path + "/" + names[0]))
        #expect(file.load() == nil)
        folder.remove()
    }
}
