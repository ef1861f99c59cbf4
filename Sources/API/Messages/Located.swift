/// A value whose errors tell where it stands: for a number that its type cannot hold, such as 1.5 for an integer,
/// `JSONDecoder` throws an error of its own without a path.
struct Located<Value: Decodable>: Decodable {
    var value: Value

    init(from decoder: any Decoder) throws {
        do {
            value = try decoder.singleValueContainer().decode(Value.self)
        } catch let error where !(error is DecodingError) {
            throw DecodingError.typeMismatch(
                Value.self, .init(codingPath: decoder.codingPath, debugDescription: "\(error)"))
        }
    }
}
