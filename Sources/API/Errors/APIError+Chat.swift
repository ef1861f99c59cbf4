import Hummingbird

extension APIError {
    /// A chat that cannot be, with what can.
    package init(_ refusal: ChatRefusal) {
        let message = "\(refusal); use /v1/completions"
        switch refusal {
        case .absent:
            self = .invalidRequest(
                message + ", or serve with --chat-template FILE", code: "no_chat_template")
        case .switchedOff: self = .invalidRequest(message, code: "no_chat_template")
        case .unreadable:
            self = APIError(
                status: .notImplemented, message: message + ", or serve with another --chat-template FILE",
                kind: "server_error", code: "chat_template_unreadable")
        }
    }
}
