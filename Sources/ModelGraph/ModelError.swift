package import Tensors

/// Why a model cannot be loaded or a step cannot be computed.
package struct ModelError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure.
    package enum Code: Sendable, Hashable {
        /// `general.architecture` names none that is implemented here.
        case unsupportedArchitecture
        /// A feature of an implemented architecture that is not implemented.
        case unsupportedFeature
        /// A metadata value that is missing or makes no sense.
        case invalidConfiguration
        /// A tensor that should be there.
        case missingTensor
        /// A tensor of another shape or type than the configuration asks for.
        case invalidTensor
        /// The system gave no memory.
        case outOfMemory
        /// A file of weights was made shorter or changed while it was in use.
        case damagedFile
        /// `SHOAL_ISA` cannot be used.
        case instructionSet
        /// No sequence of that number is open.
        case unknownSequence
        /// A sequence of that number is already open.
        case sequenceExists
        /// Rows that do not continue their sequence.
        case positionMismatch
        /// Rows beyond the stage's context.
        case contextExceeded
        /// Input or output that does not fit the stage or the spans.
        case invalidInput
        /// Weights that are to stay on disk have no place there.
        case notKept
        /// Values that are not finite numbers.
        case notFinite
    }

    /// The kind of failure.
    package let code: Code
    /// What went wrong, with the names and values.
    package let message: String
    /// What to do about it.
    package let mend: String
    /// The sequences that it is about, in order; none where that is all.
    package let sequences: [UInt32]

    /// Makes an error; `mend` is a phrase such as "use a larger context".
    package init(code: Code, message: String, mend: String, sequences: [UInt32] = []) {
        self.code = code
        self.message = message
        self.mend = mend
        self.sequences = sequences
    }

    /// Wraps an error of the tensors.
    package init(_ error: TensorError) {
        let code: Code =
            switch error {
            case .outOfMemory: .outOfMemory
            case .instructionSet: .instructionSet
            case .damagedFile: .damagedFile
            default: .invalidTensor
            }
        self.init(code: code, message: error.description, mend: "")
    }

    package var description: String { mend.isEmpty ? message : "\(message): \(mend)" }
}
