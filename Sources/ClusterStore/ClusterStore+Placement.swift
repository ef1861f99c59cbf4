import GRDB

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What is placed, so that a coordinator that starts again finds its workers' stages.
package struct PlacementRecord: Codable, Sendable, Hashable {
    package struct Stage: Codable, Sendable, Hashable {
        package var device: String
        package var embedding: Bool
        package var firstLayer: Int
        /// Exclusive.
        package var lastLayer: Int
        package var head: Bool

        package init(device: String, embedding: Bool, layers: Range<Int>, head: Bool) {
            self.device = device
            self.embedding = embedding
            (firstLayer, lastLayer) = (layers.lowerBound, layers.upperBound)
            self.head = head
        }

        /// The layers; `nil` where the record makes no sense.
        package var layers: Range<Int>? {
            0 <= firstLayer && firstLayer <= lastLayer ? firstLayer..<lastLayer : nil
        }
    }

    /// The model's file.
    package var modelPath: String
    /// The coordinator's name for itself, by which workers know its stages.
    package var session: UInt64
    package var epoch: UInt32
    /// In order of travel.
    package var stages: [Stage]
    /// What was wished of it; absent where nothing was, and in what earlier versions wrote.
    package var wishes: PlacementWishes?

    package init(
        modelPath: String, session: UInt64, epoch: UInt32, stages: [Stage], wishes: PlacementWishes = PlacementWishes()
    ) {
        self.modelPath = modelPath
        self.session = session
        self.epoch = epoch
        self.stages = stages
        self.wishes = wishes.isEmpty ? nil : wishes
    }
}

extension ClusterStore {
    /// What is placed now, if anything is.
    ///
    /// - Throws: `ClusterStoreError`
    package func placement() throws(ClusterStoreError) -> PlacementRecord? {
        try read(Self.placement)
    }

    static func placement(_ database: Database) throws -> PlacementRecord? {
        guard let document = try Data.fetchOne(database, sql: "SELECT document FROM placement") else { return nil }
        return try? JSONDecoder().decode(PlacementRecord.self, from: document)
    }

    /// Keeps what is placed now, in place of what was before.
    ///
    /// - Throws: `ClusterStoreError`
    package func setPlacement(_ record: PlacementRecord) throws(ClusterStoreError) {
        try write { try Self.set(record, $0) }
    }

    static func set(_ record: PlacementRecord, _ database: Database) throws {
        try database.execute(
            sql: "INSERT OR REPLACE INTO placement (id, document) VALUES (1, ?)",
            arguments: [try JSONEncoder().encode(record)])
    }

    /// Nothing is placed any more.
    ///
    /// - Throws: `ClusterStoreError`
    package func removePlacement() throws(ClusterStoreError) {
        try write { try $0.execute(sql: "DELETE FROM placement") }
    }
}
