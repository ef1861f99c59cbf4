import GGUF
import Tensors

/// Reads keys of an architecture and checks them against limits.
struct MetadataReader {
    let metadata: GGUFMetadata
    let architecture: Architecture

    func key(_ name: String) -> String { "\(architecture.rawValue).\(name)" }

    func invalid(_ name: String, _ value: some CustomStringConvertible, _ rule: String) -> ModelError {
        ModelError(
            code: .invalidConfiguration, message: "\(key(name)) is \(value): \(rule)",
            mend: "the file is damaged or was converted wrongly, download or convert it again")
    }

    func missing(_ name: String) -> ModelError {
        ModelError(
            code: .invalidConfiguration, message: "\(key(name)) is missing",
            mend: "the file is not a whole model, download or convert it again")
    }

    func unsupported(_ name: String, _ value: some CustomStringConvertible, _ mend: String) -> ModelError {
        ModelError(
            code: .unsupportedFeature, message: "\(key(name)) is \(value), which is not supported", mend: mend)
    }

    func optionalInteger(_ name: String, in range: ClosedRange<Int>) throws(ModelError) -> Int? {
        guard let value = try read({ () throws(GGUFError) in try metadata.integer(ifPresent: key(name)) }) else {
            return nil
        }
        guard range.contains(value) else {
            throw invalid(name, value, "it must be from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(ModelError) -> Int {
        guard let value = try optionalInteger(name, in: range) else { throw missing(name) }
        return value
    }

    func optionalFloat(_ name: String, in range: ClosedRange<Float>) throws(ModelError) -> Float? {
        guard let value = try read({ () throws(GGUFError) in try metadata.float(ifPresent: key(name)) }) else {
            return nil
        }
        guard range.contains(value) else {
            throw invalid(name, value, "it must be from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    func float(_ name: String, in range: ClosedRange<Float>) throws(ModelError) -> Float {
        guard let value = try optionalFloat(name, in: range) else { throw missing(name) }
        return value
    }

    func optionalString(_ name: String) throws(ModelError) -> String? {
        try read { () throws(GGUFError) in try metadata.string(ifPresent: key(name)) }
    }

    func flag(_ name: String) throws(ModelError) -> Bool? {
        guard let value = metadata[key(name)] else { return nil }
        guard let flag = value.bool else { throw invalid(name, value.typeName, "it must be true or false") }
        return flag
    }

    /// A number for each layer: one for all, or an array.
    func perLayer(_ name: String, layers: Int, in range: ClosedRange<Int>) throws(ModelError) -> [Int]? {
        guard let array = metadata[key(name)]?.array else {
            return try optionalInteger(name, in: range).map { Array(repeating: $0, count: layers) }
        }
        guard array.count >= layers, let values = array.integers else {
            throw invalid(name, "an array of \(array.count)", "it must hold a number for each of the \(layers) layers")
        }
        if let wrong = values.first(where: { !range.contains($0) }) {
            throw invalid(name, wrong, "it must be from \(range.lowerBound) to \(range.upperBound)")
        }
        return Array(values.prefix(layers))
    }

    /// True or false for each layer; nil where the file has no such array.
    func flags(_ name: String, layers: Int) throws(ModelError) -> [Bool]? {
        guard let array = metadata[key(name)]?.array else { return nil }
        guard array.count >= layers, let flags = array.bools else {
            throw invalid(
                name, "an array of \(array.count)", "it must hold true or false for each of the \(layers) layers")
        }
        return Array(flags.prefix(layers))
    }

    private func read<Value>(_ body: () throws(GGUFError) -> Value?) throws(ModelError) -> Value? {
        do {
            return try body()
        } catch {
            throw ModelError(code: .invalidConfiguration, message: error.description, mend: "")
        }
    }
}
