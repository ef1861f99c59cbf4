import CoordinatorCore
import GGUF
import TestSupport
import Testing
import Wire

/// Ids of shards that were kept from one start to the next, and are wrong.
struct KeptIDsTests {
    @Test func `an id that was kept and is wrong is made anew, with all others`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try TinyModel().write(to: folder.path + "/tiny.gguf")
        let file = try GGUFFile(copying: TinyModel().file(), path: folder.path + "/tiny.gguf")
        let parts: [ModelPart] = [.configuration, .layer(0), .layer(1), .head]
        let right = try await ModelShards(file).identify(parts)
        let cache = try #require(ShardIDCache(folder: folder.path, model: file))
        var wrong = Dictionary(uniqueKeysWithValues: right.map { ($0.key.description, $0.value) })
        wrong["\(ModelPart.layer(0))"] = right[.head]
        wrong["\(ModelPart.layer(1))"] = right[.head]
        cache.store(wrong)

        let shards = try ModelShards(file, cache: cache)
        #expect(try await shards.identify(parts)[.layer(0)] == right[.head])
        // One that is right is no reason to doubt the others.
        #expect(try await shards.identifyAgain(.head) == right[.head])
        #expect(try await shards.identify(parts)[.layer(0)] == right[.head])
        #expect(try await shards.identifyAgain(.layer(0)) == right[.layer(0)])
        #expect(try await shards.identify(parts) == right)
        // Nor does the next start believe them.
        let next = try ModelShards(file, cache: ShardIDCache(folder: folder.path, model: file))
        #expect(try await next.identify(parts) == right)
    }
}
