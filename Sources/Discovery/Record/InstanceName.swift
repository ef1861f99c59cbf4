import Identity

/// The name of a service's instance (RFC 6763, 4.1.1): what other programs show. Shoal itself goes by the record's name.
struct InstanceName: Sendable, Hashable {
    /// One label of DNS (RFC 6763, 4.1.1).
    static let mostBytes = 63

    private let base: String
    private(set) var number = 1

    init(_ name: DeviceName) { base = name.description }

    /// The name with which it is announced.
    var text: String {
        let suffix = number == 1 ? "" : " #\(number)"
        return String(decoding: base.utf8.prefix(Self.mostBytes - suffix.utf8.count), as: UTF8.self) + suffix
    }

    /// Goes over to the next name, because somebody has this one.
    mutating func chooseNext() { number += 1 }
}
