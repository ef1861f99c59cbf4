import GRDB

/// The tables. A released migration is never changed: a new one is added behind it.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            // Times are in seconds since 1970.
            try database.create(table: "member") { table in
                // The identity in its certificate.
                table.primaryKey("id", .text)
                table.column("name", .text).notNull()
                table.column("address", .text).notNull()
                table.column("joinedAt", .integer).notNull()
                table.column("removedAt", .integer)
            }
            try database.create(
                index: "memberName", on: "member", columns: ["name"], options: .unique,
                condition: Column("removedAt") == nil)
            try database.create(table: "joinToken") { table in
                table.primaryKey("secretHash", .blob)
                table.column("createdAt", .integer).notNull()
                table.column("expiresAt", .integer).notNull()
                table.column("usedAt", .integer)
                table.column("usedBy", .text)
            }
            try database.create(table: "accessKey") { table in
                table.primaryKey("id", .text)
                table.column("name", .text).notNull().unique()
                table.column("secretHash", .blob).notNull().unique()
                table.column("createdAt", .integer).notNull()
                table.column("requestsPerMinute", .integer)
                table.column("concurrentRequests", .integer)
            }
            try database.create(table: "placement") { table in
                // One row: what is placed now.
                table.primaryKey("id", .integer).check { $0 == 1 }
                // `PlacementRecord` in JSON.
                table.column("document", .blob).notNull()
            }
        }
        migrator.registerMigration("2") { database in
            try database.alter(table: "joinToken") { table in
                // SHA-256 of the public key that it was used for.
                table.add(column: "usedKey", .blob)
            }
        }
        migrator.registerMigration("3") { database in
            try database.alter(table: "member") { table in
                // SHA-256 of the public key in its certificates.
                table.add(column: "keyHash", .blob)
            }
            try database.execute(
                sql: "UPDATE member SET keyHash = (SELECT usedKey FROM joinToken WHERE usedBy = member.id)")
        }
        migrator.registerMigration("events") { database in
            try database.create(table: "event") { table in
                table.primaryKey("number", .integer)
                // `HistoryEvent` in JSON.
                table.column("document", .blob).notNull()
            }
        }
        return migrator
    }
}
