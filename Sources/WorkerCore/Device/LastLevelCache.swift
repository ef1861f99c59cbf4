/// The largest cache that a core has a part in.
enum LastLevelCache {
    /// Its bytes; 32 MiB where the system does not tell.
    static var bytes: Int {
        let sizes = (0..<8).compactMap { index -> Int? in
            guard let text = DeviceMemory.readText("/sys/devices/system/cpu/cpu0/cache/index\(index)/size") else {
                return nil
            }
            return size(text)
        }
        return sizes.max() ?? 32 << 20
    }

    /// A size as the kernel writes it, such as "32768K".
    static func size(_ text: String) -> Int? {
        let digits = text.prefix { $0.isNumber }
        guard let number = Int(digits), number < 1 << 30 else { return nil }
        return switch text.dropFirst(digits.count).first {
        case "K": number << 10
        case "M": number << 20
        default: number
        }
    }
}
