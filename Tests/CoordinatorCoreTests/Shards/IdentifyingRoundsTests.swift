import CoordinatorCore
import Testing

/// What of a model is read first when devices wait for it.
struct IdentifyingRoundsTests {
    private let needed: [String: [ModelPart]] = [
        "a": [.configuration, .embedding, .layer(0), .layer(1)], "b": [.configuration, .layer(2), .layer(3), .head],
        "c": [],
    ]

    @Test func `each device's first parts are read first, each part once`() {
        let rounds = IdentifyingRounds.rounds(of: needed, known: [], size: 3)
        #expect(
            rounds == [
                [.configuration, .embedding, .layer(2)], [.layer(0), .layer(3), .layer(1)], [.head],
            ])
    }

    @Test func `what is known waits for nothing`() {
        let rounds = IdentifyingRounds.rounds(
            of: needed, known: [.configuration, .layer(3), .head, .layer(9)], size: 8)
        #expect(rounds == [[.configuration, .layer(3), .head], [.embedding, .layer(2), .layer(0), .layer(1)]])
        #expect(IdentifyingRounds.rounds(of: needed, known: Set(needed.values.joined()), size: 1).count == 1)
    }

    @Test func `who needs nothing has no rounds`() {
        #expect(IdentifyingRounds.rounds(of: ["c": []], known: [], size: 2) == [])
    }
}
