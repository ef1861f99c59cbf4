package import Formats

/// What is measured of a device: over how much memory, and for how long each. A pure value.
///
/// All of it takes about three seconds: a part of a second for reading memory, two for products, shared out by how often weights of
/// a type are met, and up to a part of one for the disk.
package struct DeviceMeasurementPlan: Sendable, Hashable {
    /// Products of weights of one type with a number of rows.
    package struct Product: Sendable, Hashable {
        package var type: ElementType
        package var rows: Int
        package var seconds: Double
    }

    /// Numbers of rows that products are measured with: one token, a few streams, many, and a prompt.
    package static let rows = [1, 4, 16, 64]

    /// Bytes of memory that are read, and of weights that are multiplied: several times the last-level cache, so that they come from
    /// memory. On a device with little memory less: never more than a quarter of what it may use, so that all of it at once leaves room
    /// for the rest.
    package var bytes: Int
    /// Time for reading memory.
    package var readSeconds = 0.3
    /// In the order to measure in: one row first, and the likeliest types first.
    package var products: [Product]
    /// Processor work that has not begun by then is left out; a slow device leaves out rare types.
    package var deadlineSeconds = 3.0
    /// Time for writing the file that is then read from the disk.
    package var diskWritingSeconds = 0.3
    /// Time for reading it.
    package var diskReadingSeconds = 0.3
    /// Bytes of that file at most.
    package var diskBytes = 64 << 20

    /// - Parameters:
    ///   - types: those that there are packed products for.
    ///   - cacheBytes: the last-level cache.
    ///   - budgetBytes: what the device may use.
    package init(types: [ElementType], cacheBytes: Int, budgetBytes: Int) {
        // 64 MiB are more than small devices have of caches; 512 MiB take too long to fill.
        let wanted = min(max(cacheBytes.multipliedReportingOverflow(by: 4).partialValue, 64 << 20), 512 << 20)
        bytes = max(min(wanted, budgetBytes / 4), Self.leastBytes)
        let ordered = types.enumerated().sorted { one, other in
            let (first, second) = (Self.weight(of: one.element), Self.weight(of: other.element))
            return first != second ? first > second : one.offset < other.offset
        }.map(\.element)
        // One row of every type before all else: that no device can do without.
        let pairs = ordered.map { ($0, 1) } + ordered.flatMap { type in Self.rows.dropFirst().map { (type, $0) } }
        let shares = pairs.map { type, rows in
            (type: type, rows: rows, weight: Self.weight(of: type) * Self.weight(ofRows: rows))
        }
        let total = shares.reduce(0) { $0 + $1.weight }
        products = shares.map {
            Product(type: $0.type, rows: $0.rows, seconds: Self.productSeconds * Double($0.weight) / Double(total))
        }
    }

    private static let productSeconds = 2.0
    /// What measuring takes however little memory there is.
    private static let leastBytes = 32 << 20

    /// How often weights of a type are met in models that people run.
    private static func weight(of type: ElementType) -> Int {
        switch type {
        case .q4_0, .q4_K: 4
        case .q6_K, .q8_0: 3
        case .q4_1, .f16: 2
        default: 1
        }
    }

    /// Decoding one stream is what most of the time goes into.
    private static func weight(ofRows rows: Int) -> Int { rows == 1 ? 2 : 1 }
}
