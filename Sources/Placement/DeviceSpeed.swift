/// How fast weights of one type are multiplied with a number of rows at once.
package struct ProductSpeed: Sendable, Hashable {
    /// The type's number in GGUF files.
    package let elementType: UInt32
    /// Rows of activations at once.
    package let rows: Int
    /// Bytes of weights, as the model's file has them, that pass in a second.
    package let bytesPerSecond: Double

    /// Describes one measurement.
    package init(elementType: UInt32, rows: Int, bytesPerSecond: Double) {
        self.elementType = elementType
        self.rows = rows
        self.bytesPerSecond = bytesPerSecond
    }
}

/// How fast a device computes.
package struct DeviceSpeed: Sendable, Hashable {
    /// What a device that nobody measured is taken for: between a Raspberry Pi 5 and a laptop. Only that it is the same for all
    /// matters, so that equal devices get equal shares.
    package static let nominal = DeviceSpeed(readBytesPerSecond: 10e9)

    /// Without a measured product: how many rows are computed while the weights are read once. Decoding is bound by reading;
    /// of prompts, Pi 5 and laptops are known to take two to six times as many tokens per second as they decode.
    static let rowsPerPass = 4.0

    /// What a disk that nobody measured is taken for: a good memory card.
    package static let nominalDisk = 90e6

    /// Plain reading of memory by all threads together. This and the products are rates that last.
    package let readBytesPerSecond: Double
    /// Measured products, sorted by type and rows, each once.
    package let products: [ProductSpeed]
    /// What a quota makes of them for short work.
    package let dutyCycle: DutyCycle
    /// Reading of its disk past what the system keeps of it in memory; nil where nobody measured that.
    package let diskBytesPerSecond: Double?

    /// Describes a device. Products without speed or rows are left out, and so is a disk without speed.
    package init(
        readBytesPerSecond: Double, products: [ProductSpeed] = [], dutyCycle: DutyCycle = .always,
        diskBytesPerSecond: Double? = nil
    ) {
        self.readBytesPerSecond = readBytesPerSecond
        self.diskBytesPerSecond = diskBytesPerSecond.flatMap { $0 > 0 && $0.isFinite ? $0 : nil }
        self.dutyCycle = dutyCycle
        var kept: [ProductSpeed] = []
        for product in products.sorted(by: { ($0.elementType, $0.rows) < ($1.elementType, $1.rows) })
        where product.rows > 0 && product.bytesPerSecond > 0 && product.bytesPerSecond.isFinite {
            if let last = kept.last, (last.elementType, last.rows) == (product.elementType, product.rows) { continue }
            kept.append(product)
        }
        self.products = kept
    }

    /// The same device, when it takes so many times as long.
    package func slowed(_ times: Double) -> DeviceSpeed {
        DeviceSpeed(
            readBytesPerSecond: readBytesPerSecond / times,
            products: products.map {
                ProductSpeed(
                    elementType: $0.elementType, rows: $0.rows, bytesPerSecond: $0.bytesPerSecond / times)
            }, dutyCycle: dutyCycle, diskBytesPerSecond: diskBytesPerSecond)
    }

    /// Seconds that a byte of weights of one type takes when it is multiplied with `rows` rows at once.
    ///
    /// Between measured numbers of rows by a straight line, beyond the largest in proportion to rows. A type that was not
    /// measured is as slow as the slowest that was; where none was, weights pass as fast as memory is read, until
    /// `rowsPerPass` rows keep the processor busy meanwhile.
    package func secondsPerByte(elementType: UInt32, rows: Int) -> Double {
        if let seconds = measured(elementType, rows) { return seconds }
        if let slowest = Set(products.map(\.elementType)).compactMap({ measured($0, rows) }).max() { return slowest }
        return max(1, Double(rows) / Self.rowsPerPass) / readBytesPerSecond
    }

    private func measured(_ elementType: UInt32, _ rows: Int) -> Double? {
        var below: ProductSpeed?
        for product in products where product.elementType == elementType {
            if product.rows >= rows {
                guard let below else { return 1 / product.bytesPerSecond }
                let share = Double(rows - below.rows) / Double(product.rows - below.rows)
                return (1 - share) / below.bytesPerSecond + share / product.bytesPerSecond
            }
            below = product
        }
        return below.map { Double(rows) / Double($0.rows) / $0.bytesPerSecond }
    }
}
