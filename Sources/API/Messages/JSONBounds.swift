import Hummingbird

/// Limits that a JSON text must keep before it is decoded: what is deeper or has more values takes a decoder more time and memory than
/// its bytes let expect.
///
/// Counts what opens and separates values outside of strings; whether the text is JSON is for the decoder to say.
enum JSONBounds {
    /// Levels of arrays and objects.
    static let maximumDepth = 64
    /// Values in all: as many as the tokens of a long context, given as numbers.
    static let maximumValues = 1 << 18

    /// - Throws: a bad request that names the limit.
    static func check(_ bytes: some Sequence<UInt8>) throws(APIError) {
        var (depth, values) = (0, 1)
        var (isString, isEscaped) = (false, false)
        for byte in bytes {
            if isString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isString = true
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                values += 1
                guard depth <= maximumDepth else {
                    throw .invalidRequest(
                        "the body is not valid JSON for this API: it is nested more than \(maximumDepth) levels deep",
                        code: "invalid_json")
                }
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            case UInt8(ascii: ","):
                values += 1
                guard values <= maximumValues else {
                    throw .invalidRequest(
                        "the body has more than \(maximumValues) values", code: "request_too_large",
                        status: .contentTooLarge)
                }
            default: break
            }
        }
    }
}
