/// A dictionary that keeps the order of its keys, as Python's does. Texts are equal when their scalars are (no normalization); numbers
/// and truth values are equal by value, so that 1, 1.0 and true are one key.
package struct ValueMapping: Sendable, Hashable {
    /// What keys are told apart by.
    private enum Key: Sendable, Hashable {
        case text(ExactText)
        case integer(Int)
        case float(Double)
        case null
    }

    /// The keys in order of insertion, as JSON writes them; `key(at:)` has those that are no texts as they are.
    package private(set) var keys: [String] = []
    /// The values in the keys' order.
    package private(set) var values: [Value] = []
    /// By their places, the keys that are no texts.
    private var otherKeys: [Int: Value] = [:]
    private var positions: [Key: Int] = [:]
    private(set) var depth = 1

    /// An empty dictionary.
    package init() {}

    /// The value of a key; setting nil has no effect.
    package subscript(key: String) -> Value? {
        get { positions[.text(ExactText(text: key))].map { values[$0] } }
        set {
            guard let newValue else { return }
            set(.text(ExactText(text: key)), newValue, text: key)
        }
    }

    /// A key as a value.
    func key(at index: Int) -> Value { otherKeys[index] ?? .string(keys[index]) }

    /// The value of a key that need not be a text; nil also for what cannot be one.
    func value(of key: Value) -> Value? { Self.key(key).flatMap { positions[$0] }.map { values[$0] } }

    /// Sets the value of a key that need not be a text.
    ///
    /// - Returns: whether a value of that kind can be a key.
    mutating func set(_ value: Value, for key: Value) -> Bool {
        if case .string(let text) = key {
            self[text] = value
            return true
        }
        guard let place = Self.key(key) else { return false }
        let count = keys.count
        set(place, value, text: Self.json(key))
        if keys.count > count { otherKeys[count] = key }
        return true
    }

    private mutating func set(_ key: Key, _ value: Value, text: String) {
        depth = max(depth, 1 + value.depth)
        if let position = positions[key] {
            values[position] = value
        } else {
            positions[key] = keys.count
            keys.append(text)
            values.append(value)
        }
    }

    private static func key(_ value: Value) -> Key? {
        switch value {
        case .string(let text): .text(ExactText(text: text))
        case .null: .null
        case .float(let number): Int(exactly: number).map { .integer($0) } ?? .float(number)
        default: value.asInteger.map { .integer($0) }
        }
    }

    /// As `json.dumps` writes a key.
    private static func json(_ key: Value) -> String {
        switch key {
        case .boolean(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .float(let value): pythonText(value)
        default: "null"
        }
    }
}
