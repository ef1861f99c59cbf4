package import Wire

/// What went wrong in the coordinator: the kind for programs, the message (cause and mend) for people.
package struct CoordinatorError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable, Hashable {
        /// The request itself is wrong, such as an empty prompt or parameters out of range.
        case invalidRequest
        /// So many wait already that no more are taken.
        case queueFull
        /// The prompt is longer than the context.
        case contextExceeded
        /// No model answers now: starting, or a device was lost.
        case unavailable
        /// A worker could not be reached, or refused.
        case worker
        /// The model's file cannot be used.
        case model
        /// What was computed is of no use, and would be again: the model or a device is damaged.
        case computation
        /// The model cannot be placed on the devices.
        case placement
        /// The answer was given up before its end.
        case cancelled
        /// Excluded by what is being done; may be tried again.
        case busy
    }

    package var code: Code
    package var message: String
    /// What a worker gave as the reason, where one refused.
    package var failure: FailureCode?
    /// The device that refused.
    package var device: String?
    /// Whether a device said what none may say, so that it is left out.
    package var isFault = false
    /// Whether the device, or its link to another one, was lost: another placement may stand.
    package var isLoss = false

    package init(_ code: Code, _ message: String, failure: FailureCode? = nil, device: String? = nil) {
        self.code = code
        self.message = message
        self.failure = failure
        self.device = device
    }

    package var description: String { message }

    /// - Parameter device: the one that is lost, or that tells of a loss.
    static func lost(_ device: String, _ message: String) -> CoordinatorError {
        var error = CoordinatorError(.worker, message, device: device)
        error.isLoss = true
        return error
    }
}
