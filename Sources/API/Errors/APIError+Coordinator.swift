import CoordinatorCore
import Sampling

extension APIError {
    /// What the coordinator refused or failed at, as an answer to the client.
    init(_ error: CoordinatorError) {
        switch error.code {
        case .invalidRequest:
            self = .invalidRequest(error.message)
        case .contextExceeded:
            self = .invalidRequest(error.message, code: "context_length_exceeded")
        case .queueFull:
            self = .queueFull(error.message)
        case .unavailable, .worker, .model, .placement, .busy:
            self = .unavailable(error.message)
        case .cancelled, .computation:
            self = .serverError(error.message)
        }
    }

    /// A sampling parameter out of its range.
    init(_ error: SamplingError) {
        let name = error.parameter.split(separator: " ").first.map(String.init)
        self = .invalidRequest("\(error)", parameter: name)
    }
}
