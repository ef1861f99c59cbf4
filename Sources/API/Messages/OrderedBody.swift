import Grammar
import Synchronization

/// A body that is being decoded, for values whose properties' order counts: decoders do not keep it. Safe from any thread.
final class OrderedBody: Sendable {
    private let bytes: [UInt8]
    private let read = Mutex<Result<OrderedJSON, GrammarError>?>(nil)

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// What a decoder found at a place, as it is written.
    func value(at path: [any CodingKey]) throws(GrammarError) -> OrderedJSON? {
        let whole = read.withLock { read in
            let result = read ?? Result { () throws(GrammarError) in try OrderedJSON(json: bytes) }
            read = result
            return result
        }
        var value = try whole.get()
        for key in path {
            switch value {
            case .object:
                guard let next = value[key.stringValue] else { return nil }
                value = next
            case .array(let elements):
                guard let index = key.intValue, elements.indices.contains(index) else { return nil }
                value = elements[index]
            default: return nil
            }
        }
        return value
    }
}

extension CodingUserInfoKey {
    /// The body, an `OrderedBody`.
    static let body = CodingUserInfoKey(rawValue: "shoal.body")!
}

/// Any JSON value of a request's body, with its properties in order.
struct OrderedField: Decodable {
    let value: OrderedJSON

    init(from decoder: any Decoder) throws {
        func corrupted(_ message: String) -> DecodingError {
            .dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: message))
        }
        guard let body = decoder.userInfo[.body] as? OrderedBody else { throw corrupted("is not read from a body") }
        do {
            guard let value = try body.value(at: decoder.codingPath) else { throw corrupted("is not there") }
            self.value = value
        } catch let error as GrammarError {
            throw corrupted(error.message)
        }
    }
}
