package import Wire

/// The memory that a step takes while it is computed and until its results have left, known before any of it is obeyed: a few bytes of a
/// frame may ask for gigabytes of results. A pure value.
package struct StepDemand: Sendable, Hashable {
    /// What any step may take, whatever else the worker holds: several times what a coordinator of this project asks for at a time.
    package static let allowance = 64 << 20

    /// Rows that go on to the next stage.
    package let rows: Int
    /// Bytes of them in the next frame.
    package let payloadBytes: Int
    /// Bytes in all: the rows as they come, decoded, and their results, as floats and encoded. Products that overflow are `Int.max`.
    package let bytes: Int

    /// - Parameters:
    ///   - inputWidth: elements of a row that comes in; 1 for tokens.
    ///   - outputWidth: elements of a row that goes on.
    ///   - codec: how that is written.
    ///   - prunes: whether rows that nobody wants end here.
    /// - Throws: `WorkerError` (bad request) when the results do not fit a frame.
    package init(
        _ frame: StepFrame, inputWidth: Int, outputWidth: Int, codec: ActivationCodec, prunes: Bool,
        limits: FrameLimits = FrameLimits()
    ) throws(WorkerError) {
        rows = frame.entries.reduce(0) { $0 + (prunes || frame.pruned ? $1.wantedCount : $1.rowCount) }
        payloadBytes = saturatingProduct(rows, codec.rowBytes(width: outputWidth))
        let overhead = StepFrame.headerBytes + frame.entries.count * StepEntry.byteCount
        guard payloadBytes <= limits.stepBytes - overhead else {
            throw WorkerError(
                .badRequest,
                "step \(frame.step) asks for \(rows) rows of \(outputWidth) elements, \(payloadBytes) bytes where a step has up to "
                    + "\(limits.stepBytes): ask for the results of fewer rows in a step")
        }
        let input = saturatingProduct(saturatingProduct(frame.rowCount, inputWidth), MemoryLayout<Float>.stride)
        let results = saturatingProduct(saturatingProduct(rows, outputWidth), MemoryLayout<Float>.stride)
        // A table of page addresses for each sequence that begins; a fork's is as long as what it shares.
        let tables = frame.entries.reduce(0) { total, entry in
            switch entry {
            case .open: total + 512
            case .fork(_, _, let positions): total + 512 + Int(positions) / 4
            case .rows, .trim, .close: total
            }
        }
        bytes = saturatingSum(saturatingSum(input, results), saturatingSum(payloadBytes, tables))
    }
}

/// A product of two counts, `Int.max` where it is more.
func saturatingProduct(_ left: Int, _ right: Int) -> Int {
    let (product, overflow) = left.multipliedReportingOverflow(by: right)
    return overflow ? .max : product
}

/// A sum of two counts, `Int.max` where it is more.
func saturatingSum(_ left: Int, _ right: Int) -> Int {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? .max : sum
}
