import ModelGraph
import Wire

extension WorkerError {
    /// A model's fault, as the coordinator is told of it.
    init(_ error: ModelError) {
        let code: FailureCode =
            switch error.code {
            case .unsupportedArchitecture, .unsupportedFeature, .instructionSet: .unsupported
            case .invalidConfiguration, .missingTensor, .invalidTensor, .damagedFile: .shardCorrupt
            case .outOfMemory: .outOfMemory
            case .unknownSequence: .sequenceMissing
            case .positionMismatch: .positionMismatch
            case .contextExceeded: .contextFull
            case .sequenceExists, .invalidInput: .badRequest
            case .notKept: .storeFull
            case .notFinite: .internalError
            }
        self.init(code, error.description, sequences: error.sequences)
    }
}
