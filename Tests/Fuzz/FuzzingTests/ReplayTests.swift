import Dispatch
import Foundation
import Fuzzing
import Testing

/// Inputs that once failed, in `Inputs/<format>`, and a few seeded ones of each format; `Deploy/fuzz` runs many.
@Suite struct ReplayTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Inputs")

    @Test(arguments: fuzzFormats.map { $0.name }) func `Inputs that once failed, the corpus and seeded ones end well`(
        name: String
    ) async throws {
        // Conversations block the thread that they are led on.
        let result = await withCheckedContinuation { done in
            DispatchQueue.global().async { done.resume(returning: Result { try Self.replay(name) }) }
        }
        #expect(try result.get() > 0)
    }

    /// - Returns: how many inputs were accepted.
    private static func replay(_ name: String) throws -> Int {
        let type = try #require(fuzzFormats.first { $0.name == name })
        let format = try type.init()
        let kept = try? FileManager.default.contentsOfDirectory(
            at: folder.appending(path: name), includingPropertiesForKeys: nil)
        for file in kept ?? [] { _ = format.run(Array(try Data(contentsOf: file))) }
        var accepted = 0
        let count = format.corpus.count + format.extremes.count
        let mutator = Mutator(format, seed: 1)
        for index in Array(0..<format.corpus.count / type.cost) + Array(count..<count + 300 / type.cost)
        where format.run(mutator.input(index)) == .accepted {
            accepted += 1
        }
        #expect(mutator.input(count + 7) == Mutator(try type.init(), seed: 1).input(count + 7))
        return accepted
    }

    @Test func `Every folder of inputs is of a format`() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        #expect(Set(folders).subtracting(fuzzFormats.map { $0.name } + ["README.md"]) == [])
    }
}
