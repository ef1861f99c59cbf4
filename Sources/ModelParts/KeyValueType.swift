/// What the key-value cache of a stage holds (`--kv-type`).
package enum KeyValueType: String, Sendable, Hashable, CaseIterable {
    /// float16; in the exact mode float32.
    case standard
    /// int8 with a float16 scale for every 32 values of a head's key or value.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    case q8_0
}
