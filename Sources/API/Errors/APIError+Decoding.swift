#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension APIError {
    /// What is wrong with a request's JSON, with the parameter's path where it is known.
    init(_ error: DecodingError) {
        switch error {
        case .typeMismatch(let type, let context):
            self.init(path: context.codingPath) { "\($0) must be \(Self.words(for: type))" }
        case .valueNotFound(let type, let context):
            self.init(path: context.codingPath) { "\($0) must be \(Self.words(for: type)), not null" }
        case .keyNotFound(let key, let context):
            self.init(path: context.codingPath + [key]) { "\($0) is missing" }
        case .dataCorrupted(let context):
            if context.codingPath.isEmpty {
                let place = context.underlyingError.map { ": \(Self.plainText(of: $0))" } ?? ""
                self = .invalidRequest("the body is not valid JSON\(place)", code: "invalid_json")
            } else {
                self.init(path: context.codingPath) { "\($0): \(context.debugDescription)" }
            }
        @unknown default:
            self = .invalidRequest("the body cannot be read")
        }
    }

    private init(path: [any CodingKey], message: (String) -> String) {
        let parameter = Self.parameter(at: path)
        self = .invalidRequest(message(parameter ?? "the body"), parameter: parameter)
    }

    /// A path as people write it: `messages[0].content`; nil for the body itself.
    static func parameter(at path: [any CodingKey]) -> String? {
        var text = ""
        for key in path {
            if let index = key.intValue, !text.isEmpty {
                text += "[\(index)]"
            } else {
                text += text.isEmpty ? key.stringValue : ".\(key.stringValue)"
            }
        }
        return text.isEmpty ? nil : text
    }

    private static func words(for type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a string"
        case is Bool.Type: "true or false"
        case is any FixedWidthInteger.Type: "an integer"
        case is any BinaryFloatingPoint.Type: "a number"
        default: "\(type)".contains("Array") ? "a list" : "an object"
        }
    }

    /// The parser's own words; how it wraps them differs between systems.
    private static func plainText(of error: any Error) -> String {
        "\(error)"
    }
}
