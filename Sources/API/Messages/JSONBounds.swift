import Hummingbird

/// What a JSON text must keep before it is decoded: limits, as what is deeper or has more values takes a decoder more time and memory than
/// its bytes let expect; and what decoders let pass though it is no JSON or says two things: a comma before a bracket, a key twice, half
/// of a surrogate pair.
///
/// Goes by what opens, separates and closes; whether the rest is JSON is for the decoder to say.
struct JSONBounds {
    /// Levels of arrays and objects.
    static let maximumDepth = 64
    /// Values in all: as many as the tokens of a long context, given as numbers.
    static let maximumValues = 1 << 18

    /// - Throws: a bad request that names the limit or the place.
    static func check(_ bytes: some Sequence<UInt8>) throws(APIError) {
        var bounds = JSONBounds()
        for byte in bytes {
            if bounds.isText { try bounds.readText(byte) } else { try bounds.read(byte) }
            bounds.offset += 1
        }
    }

    private enum Escape {
        case none, begun
        /// After `\u`: digits that came, and what they say.
        case digits(Int, UInt32)
    }

    private var offset = 0
    private var values = 1
    /// The keys of each object that is open, as they are written; nil for an array.
    private var open: [Set<[UInt8]>?] = []
    /// The last byte that is no space, outside of texts.
    private var last: UInt8 = 0
    private var isText = false
    private var text: [UInt8] = []
    private var escape = Escape.none
    /// Whether the last character is the first half of a surrogate pair.
    private var isHalf = false

    private mutating func read(_ byte: UInt8) throws(APIError) {
        switch byte {
        case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): return
        case UInt8(ascii: "\""):
            isText = true
            text.removeAll(keepingCapacity: true)
        case UInt8(ascii: "["): try begin(nil)
        case UInt8(ascii: "{"): try begin([])
        case UInt8(ascii: "]"), UInt8(ascii: "}"):
            if last == UInt8(ascii: ",") { throw invalid("nothing follows a comma") }
            _ = open.popLast()
        case UInt8(ascii: ","):
            values += 1
            guard values <= Self.maximumValues else {
                throw .invalidRequest(
                    "the body has more than \(Self.maximumValues) values", code: "request_too_large",
                    status: .contentTooLarge)
            }
        case UInt8(ascii: ":"):
            guard last == UInt8(ascii: "\""), let depth = open.indices.last, open[depth] != nil else { break }
            guard open[depth]!.insert(text).inserted else {
                throw invalid("the key \"\(String(decoding: text.prefix(100), as: UTF8.self))\" is there twice")
            }
        default: break
        }
        last = byte
    }

    private mutating func begin(_ keys: Set<[UInt8]>?) throws(APIError) {
        open.append(keys)
        values += 1
        guard open.count <= Self.maximumDepth else {
            throw .invalidRequest(
                "the body is not valid JSON for this API: it is nested more than \(Self.maximumDepth) levels deep",
                code: "invalid_json")
        }
    }

    private mutating func readText(_ byte: UInt8) throws(APIError) {
        text.append(byte)
        switch escape {
        case .none:
            if byte == UInt8(ascii: "\\") {
                escape = .begun
            } else {
                if isHalf { throw halfPair }
                if byte == UInt8(ascii: "\"") {
                    isText = false
                    text.removeLast()
                }
            }
        case .begun:
            if byte == UInt8(ascii: "u") {
                escape = .digits(0, 0)
            } else {
                if isHalf { throw halfPair }
                escape = .none
            }
        case .digits(let count, let value):
            // What is no digit is for the decoder to say.
            let unit = value << 4 | UInt32(Character(Unicode.Scalar(byte)).hexDigitValue ?? 0)
            if count < 3 {
                escape = .digits(count + 1, unit)
            } else {
                escape = .none
                let isSecond = (0xdc00..<0xe000).contains(unit)
                if isHalf != isSecond { throw halfPair }
                isHalf = (0xd800..<0xdc00).contains(unit)
            }
        }
    }

    private var halfPair: APIError {
        invalid("half of a surrogate pair (\\ud800 to \\udfff) stands alone, which is no character")
    }

    private func invalid(_ what: String) -> APIError {
        .invalidRequest("the body is not valid JSON: \(what), at byte \(offset)", code: "invalid_json")
    }
}
