import ClusterStore
import Foundation

/// Join tokens, for people and programs; never their secrets.
enum TokenView {
    private struct Row: Encodable {
        var id: String
        /// In seconds since 1970, as all times.
        var createdAt: Int64
        var expiresAt: Int64
        /// Absent while nobody joined with it.
        var usedAt: Int64?
        /// The device that joined with it.
        var usedBy: String?
    }

    private struct Document: Encodable {
        var tokens: [Row]
    }

    private struct Revoked: Encodable {
        var revoked: [String]
    }

    /// Shows those that are good, or were used.
    static func list(_ records: [JoinTokenRecord], now: Int64, json: Bool) throws {
        let records = records.filter { $0.usedAt != nil || $0.expiresAt >= now }
        if json {
            return try Console.json(
                Document(
                    tokens: records.map {
                        Row(
                            id: $0.id, createdAt: $0.createdAt, expiresAt: $0.expiresAt, usedAt: $0.usedAt,
                            usedBy: $0.usedBy)
                    }))
        }
        guard !records.isEmpty else { return Console.write("no tokens: `shoal token` makes one\n") }
        var table = Table([("ID", .left), ("made", .left), ("good until", .left), ("used by", .left)])
        for record in records {
            table.add([
                record.id, time(record.createdAt), record.usedAt == nil ? time(record.expiresAt) : "used",
                record.usedBy ?? "–",
            ])
        }
        Console.write(table.description + "\n")
    }

    /// Says which were taken back.
    static func revoked(_ ids: [String], json: Bool) throws {
        if json { return try Console.json(Revoked(revoked: ids)) }
        guard !ids.isEmpty else { return Console.write("no token was good\n") }
        Console.write("revoked: \(ids.joined(separator: ", "))\n")
    }

    private static func time(_ seconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
    }
}
