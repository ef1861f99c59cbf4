/// What the key-value caches of a stage hold.
package enum KeyValueType: UInt32, Sendable, Hashable, CaseIterable {
    /// f16; in the exact mode f32.
    case standard = 0
    /// int8 with a scale for every 32 values.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    case q8_0 = 1
}
