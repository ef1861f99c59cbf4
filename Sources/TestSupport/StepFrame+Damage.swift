import NIOCore
package import Wire

extension StepFrame {
    /// Makes a NaN of the first element of a row.
    ///
    /// - Precondition: the rows are written as f32.
    package mutating func damage(row: Int) {
        precondition(codec == .f32, "rows in \(codec)")
        payload.setInteger(Float.nan.bitPattern, at: payload.readerIndex + 4 * row * width, endianness: .little)
    }
}
