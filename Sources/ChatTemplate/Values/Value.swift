/// A value of a template: what JSON has, and what only templates know.
package enum Value: Sendable, Hashable {
    /// Missing; the text says what, for errors.
    case undefined(String)
    /// JSON's null.
    case null
    /// True or false.
    case boolean(Bool)
    /// A whole number.
    case integer(Int)
    /// A floating-point number.
    case float(Double)
    /// A text.
    case string(String)
    /// A list or a tuple.
    case list(ValueList)
    /// A dictionary in order of insertion. Indirect, so that each element of a list takes 24 bytes rather than 40.
    indirect case mapping(ValueMapping)
    /// Something that lives in the evaluator only.
    case reference(ValueReference)

    /// A list of values.
    package static func array(_ elements: [Value]) -> Value { .list(ValueList(elements)) }

    /// A tuple of values.
    static func tuple(_ elements: [Value]) -> Value { .list(ValueList(elements, kind: .tuple)) }

    /// A dictionary of values; of equal keys the last counts.
    package static func object(_ entries: [(String, Value)]) -> Value {
        var mapping = ValueMapping()
        for (key, value) in entries { mapping[key] = value }
        return .mapping(mapping)
    }

    /// How deep lists and dictionaries nest.
    var depth: Int {
        switch self {
        case .list(let list): list.depth
        case .mapping(let mapping): mapping.depth
        default: 0
        }
    }
}

/// A list, or what Python tells apart from one; knows how deep it nests.
package struct ValueList: Sendable, Hashable {
    /// What the elements are kept in.
    enum Kind: UInt8, Sendable, Hashable {
        case list
        case tuple
        /// A tuple of two that `groupby` makes: they also have the names `grouper` and `list`.
        case group
    }

    /// The elements.
    package let elements: [Value]
    let depth: Int
    let kind: Kind

    /// Makes a list.
    package init(_ elements: [Value]) { self.init(elements, kind: .list) }

    init(_ elements: [Value], kind: Kind) {
        self.elements = elements
        self.kind = kind
        depth = 1 + elements.reduce(0) { max($0, $1.depth) }
    }

    var isTuple: Bool { kind != .list }

    /// What a part of it is: of a tuple a tuple.
    func like(_ elements: [Value]) -> Value { isTuple ? .tuple(elements) : .array(elements) }
}

/// A text compared scalar by scalar, where `String` compares what people see.
struct ExactText: Sendable, Hashable {
    let text: String

    static func == (left: Self, right: Self) -> Bool { same(left.text, right.text) }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        hasher.combine(0xff as UInt8)
    }
}

/// Whether two texts have the same scalars, which `==` does not say: it takes longer, too, where many marks follow a letter.
func same(_ left: String, _ right: String) -> Bool {
    left.utf8.count == right.utf8.count && left.utf8.elementsEqual(right.utf8)
}

/// A handle on something of one rendering.
package enum ValueReference: Sendable, Hashable {
    /// A function of the evaluator.
    case function(String)
    /// A macro, by its number.
    case macro(Int)
    /// A `namespace(...)`, by its number.
    case namespace(Int)
    /// The variable `loop`, by its number.
    case loop(Int)
    /// A method that is named but not called.
    case method(String)
}

extension Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int) { self = .integer(value) }
    package init(floatLiteral value: Double) { self = .float(value) }
    package init(booleanLiteral value: Bool) { self = .boolean(value) }
    package init(arrayLiteral elements: Value...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, Value)...) { self = .object(elements) }
    package init(nilLiteral: ()) { self = .null }
}
