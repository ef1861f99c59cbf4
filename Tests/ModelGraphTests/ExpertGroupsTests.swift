import ModelParts
import Foundation
import GGUF
import ModelGraph
import Tensors
import TestSupport
import Testing

/// DeepSeek's experts in groups, with the weights of a golden model that has none.
@Suite(.enabled(if: Golden.isPresent, Comment(rawValue: Golden.absence)))
struct ExpertGroupsTests {
    private static let file = "../golden2/gguf/deepseek2-lite-F16.gguf"
    private static let prompt: [UInt32] = (0..<40).map { UInt32($0 * 37 % 500) }

    private func configuration(_ file: GGUFFile, _ changes: [String: UInt32]) throws -> ModelConfiguration {
        var entries = file.metadata.entries.filter {
            !$0.key.hasPrefix("deepseek2.") || changes[String($0.key.dropFirst(10))] == nil
        }
        for (key, value) in changes { entries.append(("deepseek2.\(key)", .uint32(value))) }
        return try ModelConfiguration(metadata: GGUFMetadata(entries: entries), vocabulary: 512)
    }

    private func groups(_ configuration: ModelConfiguration) -> ExpertChoice.Groups? {
        guard case .experts(let experts) = configuration.layerShapes[2].network else { return nil }
        return experts.groups
    }

    private func pipeline(_ file: GGUFFile, _ configuration: ModelConfiguration, splits: [Int] = []) throws -> Pipeline
    {
        let bounds = [0] + splits + [configuration.layers], pool = ThreadPool(threads: 2)
        return Pipeline(
            configuration: configuration,
            stages: try (1..<bounds.count).map { index in
                try Stage(
                    configuration: configuration,
                    range: StageRange(
                        embedding: index == 1, layers: bounds[index - 1]..<bounds[index],
                        head: index == bounds.count - 1
                    ), tensors: file, compute: .f32, context: 128, pool: pool)
            })
    }

    @Test("a row's experts come of its groups, whatever batch it is in")
    func groupsAreTaken() throws {
        let file = try GGUFFile.open(path: Golden.file(Self.file).path)
        let sigmoid: [String: UInt32] = ["expert_gating_func": 2]
        let grouped = sigmoid.merging(["expert_group_count": 2, "expert_group_used_count": 1]) { $1 }
        let with = try configuration(file, grouped), without = try configuration(file, sigmoid)
        #expect(groups(with) == .init(count: 2, used: 1) && groups(without) == nil)
        let found = try pipeline(file, with).logits(Self.prompt)
        #expect(!equalBits(found, try pipeline(file, without).logits(Self.prompt)))
        for (splits, chunk) in [([1], 1), ([2], 7), ([1, 2], 33)] {
            #expect(equalBits(try pipeline(file, with, splits: splits).logits(Self.prompt, chunk: chunk), found))
        }
        // Who takes all groups has none.
        let all = try configuration(
            file, sigmoid.merging(["expert_group_count": 2, "expert_group_used_count": 2]) { $1 })
        #expect(groups(all) == nil)
    }

    @Test(
        "groups that cannot be are refused by name",
        arguments: [
            ["expert_group_count": UInt32(3), "expert_group_used_count": 1],
            ["expert_group_count": 4, "expert_group_used_count": 2],
            ["expert_group_count": 2, "expert_group_used_count": 0],
            ["expert_group_count": 2, "expert_group_used_count": 3],
            ["expert_group_count": 2, "expert_group_used_count": 1, "expert_used_count": 3],
            ["expert_group_count": 5, "expert_group_used_count": 1],
        ])
    func impossibleGroups(changes: [String: UInt32]) throws {
        let file = try GGUFFile.open(path: Golden.file(Self.file).path)
        let error = #expect(throws: ModelError.self) { try configuration(file, changes) }
        #expect(error?.code == .invalidConfiguration && error?.message.contains("deepseek2.expert_group") == true)
    }
}
