/// The metadata of a GGUF file: keys with values, in the order of the file.
package struct GGUFMetadata: Sendable {
    /// All entries in file order; every key occurs once.
    package let entries: [(key: String, value: GGUFValue)]
    /// The file the entries come from, for errors; empty when they come from none.
    package let path: String
    private let indices: [String: Int]

    /// Makes metadata of entries.
    ///
    /// - Throws: `GGUFError` when a key occurs twice.
    package init(entries: [(key: String, value: GGUFValue)], path: String = "") throws(GGUFError) {
        var indices: [String: Int] = [:]
        for (index, entry) in entries.enumerated() {
            guard indices.updateValue(index, forKey: entry.key) == nil else {
                throw GGUFError(
                    code: .duplicateKey, path: path, message: "metadata key \(entry.key) occurs twice",
                    mend: "which value is meant cannot be known, download the file again or convert it again")
            }
        }
        self.entries = entries
        self.path = path
        self.indices = indices
    }

    /// The value of a key, nil when it is absent.
    package subscript(key: String) -> GGUFValue? {
        indices[key].map { entries[$0].value }
    }
}

/// Typed access: the plain form throws when the key is absent or of another type, the `ifPresent` form only when it is
/// of another type. All throw `GGUFError`.
extension GGUFMetadata {
    /// The text of `key`.
    package func string(_ key: String) throws(GGUFError) -> String {
        try require(key, try string(ifPresent: key))
    }

    /// The text of `key`, nil when absent.
    package func string(ifPresent key: String) throws(GGUFError) -> String? {
        try convert(key, expected: "a string") { $0.string }
    }

    /// The integer of `key`, of any integer type.
    package func integer(_ key: String) throws(GGUFError) -> Int {
        try require(key, try integer(ifPresent: key))
    }

    /// The integer of `key`, of any integer type, nil when absent.
    package func integer(ifPresent key: String) throws(GGUFError) -> Int? {
        try convert(key, expected: "an integer of at most 63 bits") { $0.integer }
    }

    /// The number of `key`, of any number type, as float32.
    package func float(_ key: String) throws(GGUFError) -> Float {
        try require(key, try float(ifPresent: key))
    }

    /// The number of `key`, of any number type, as float32, nil when absent.
    package func float(ifPresent key: String) throws(GGUFError) -> Float? {
        try convert(key, expected: "a number") { $0.float }
    }

    /// The truth value of `key`.
    package func bool(_ key: String) throws(GGUFError) -> Bool {
        try require(key, try bool(ifPresent: key))
    }

    /// The truth value of `key`, nil when absent.
    package func bool(ifPresent key: String) throws(GGUFError) -> Bool? {
        try convert(key, expected: "a truth value") { $0.bool }
    }

    /// The texts of `key`.
    package func strings(_ key: String) throws(GGUFError) -> [String] {
        try require(key, try strings(ifPresent: key))
    }

    /// The texts of `key`, nil when absent.
    package func strings(ifPresent key: String) throws(GGUFError) -> [String]? {
        try convert(key, expected: "an array of strings") { $0.array?.strings }
    }

    /// The integers of `key`, of any integer type.
    package func integers(_ key: String) throws(GGUFError) -> [Int] {
        try require(key, try integers(ifPresent: key))
    }

    /// The integers of `key`, of any integer type, nil when absent.
    package func integers(ifPresent key: String) throws(GGUFError) -> [Int]? {
        try convert(key, expected: "an array of integers") { $0.array?.integers }
    }

    /// The numbers of `key`, of any number type, as float32.
    package func floats(_ key: String) throws(GGUFError) -> [Float] {
        try require(key, try floats(ifPresent: key))
    }

    /// The numbers of `key`, of any number type, as float32, nil when absent.
    package func floats(ifPresent key: String) throws(GGUFError) -> [Float]? {
        try convert(key, expected: "an array of numbers") { $0.array?.floats }
    }

    private func convert<T>(
        _ key: String, expected: String, _ read: (GGUFValue) -> T?
    ) throws(GGUFError) -> T? {
        guard let value = self[key] else { return nil }
        guard let result = read(value) else {
            throw GGUFError(
                code: .wrongType, path: path,
                message: "metadata key \(key) is \(value.typeName), expected \(expected)",
                mend: "the file was made by another convention or is damaged, convert or download it again")
        }
        return result
    }

    private func require<T>(_ key: String, _ value: T?) throws(GGUFError) -> T {
        guard let value else {
            throw GGUFError(
                code: .missingKey, path: path, message: "metadata key \(key) is missing",
                mend: "the file is not a complete model of the kind that is needed, convert or download it again")
        }
        return value
    }
}
