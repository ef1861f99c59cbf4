/// Where the system's message bus is.
package enum DBusAddress {
    /// `$DBUS_SYSTEM_BUS_ADDRESS` where it is set, else the well-known one (D-Bus Specification, "System message bus").
    package static let standard = "unix:path=/var/run/dbus/system_bus_socket"

    /// The socket's path of the first address that names one; an abstract one begins with a zero byte. `nil` where there is none.
    package static func path(_ addresses: String) -> [UInt8]? {
        for address in addresses.split(separator: ";") where address.hasPrefix("unix:") {
            for pair in address.dropFirst("unix:".count).split(separator: ",") {
                if pair.hasPrefix("path=") { return unescaped(pair.dropFirst("path=".count)) }
                if pair.hasPrefix("abstract=") {
                    return unescaped(pair.dropFirst("abstract=".count)).map { [0] + $0 }
                }
            }
        }
        return nil
    }

    /// `%` and two hexadecimal digits are a byte.
    private static func unescaped(_ text: Substring) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2).compactMap { Character(UnicodeScalar($0)).hexDigitValue }
            guard digits.count == 2 else { return nil }
            bytes.append(UInt8(16 * digits[0] + digits[1]))
            rest = rest.dropFirst(2)
        }
        return bytes.isEmpty ? nil : bytes
    }
}
