import API
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

struct AnswerShapeTests {
    private func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    @Test func `an error writes all four keys`() throws {
        #expect(
            try json(APIError.invalidRequest("no", parameter: "n").body)
                == #"{"error":{"code":null,"message":"no","param":"n","type":"invalid_request_error"}}"#)
        #expect(
            try json(APIError.serverError("x").body)
                == #"{"error":{"code":"internal_error","message":"x","param":null,"type":"server_error"}}"#)
    }
}
