import ModelGraph
import Wire

/// A step's rows, decoded: token ids or activations.
enum StepInput {
    case tokens([UInt32])
    case activations([Float], width: Int)

    /// - Throws: `WorkerError` where the rows are not what the stage takes.
    init(_ frame: StepFrame, width: Int, takesTokens: Bool) throws(WorkerError) {
        if frame.rowCount == 0 {
            self = takesTokens ? .tokens([]) : .activations([], width: width)
        } else if takesTokens {
            guard frame.codec == .tokens else {
                throw WorkerError(
                    .badRequest, "step \(frame.step) brings activations to a stage that begins with the embedding")
            }
            self = .tokens(TokenRows.decode(frame.payload))
        } else {
            guard frame.codec != .tokens, frame.width == width else {
                throw WorkerError(
                    .badRequest,
                    "step \(frame.step) brings rows of \(frame.width) elements to a stage of width \(width)")
            }
            self = .activations(frame.codec.decode(frame.payload, count: frame.rowCount * width), width: width)
        }
    }

    func withRows<Result>(_ rows: Range<Int>, _ body: (StageInput) -> Result) -> Result {
        switch self {
        case .tokens(let tokens):
            return tokens.withUnsafeBufferPointer { body(.tokens(UnsafeBufferPointer(rebasing: $0[rows]))) }
        case .activations(let values, let width):
            return values.withUnsafeBufferPointer {
                body(.activations(UnsafeBufferPointer(rebasing: $0[rows.lowerBound * width..<rows.upperBound * width])))
            }
        }
    }
}
