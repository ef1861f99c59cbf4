#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A connection to the message bus. Of one thread alone; it closes when it goes.
struct DBusSocket: ~Copyable {
    let descriptor: Int32
    private var received: [UInt8] = []
    /// How long the bus may take for its part of the greeting, in milliseconds.
    private static let greetingLimit: Int32 = 5000

    /// Connects to the system's bus and says who this is. May block for some seconds.
    ///
    /// - Throws: `DBusError` where no bus answers.
    static func open() throws(DBusError) -> DBusSocket {
        let address = getenv("DBUS_SYSTEM_BUS_ADDRESS").map { String(cString: $0) } ?? DBusAddress.standard
        guard let path = DBusAddress.path(address) else { throw DBusError("no socket of a message bus is named") }
        let socket = DBusSocket(descriptor: try connected(path))
        try socket.greet()
        return socket
    }

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Sends all of it; the bus takes it at once but for a moment.
    ///
    /// - Throws: `DBusError` when the connection is gone.
    func send(_ bytes: [UInt8]) throws(DBusError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Self.sendQuietly(descriptor, $0) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw DBusError("the message bus takes nothing: \(Self.reason)") }
            rest = rest.dropFirst(count)
        }
    }

    /// Reads what has come, and gives the messages that are whole. Blocks while nothing has come.
    ///
    /// - Throws: `DBusError` when the connection is gone, or for bytes that are no messages.
    mutating func receive() throws(DBusError) -> [DBusMessage] {
        var part = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(descriptor, &part, part.count, 0)
        if count < 0, errno == EINTR { return [] }
        guard count > 0 else { throw DBusError("the message bus is gone") }
        received += part.prefix(count)
        var messages: [DBusMessage] = []
        while let length = try DBusMessage.length(received[...]), received.count >= length {
            if let message = try DBusMessage(Array(received.prefix(length))) { messages.append(message) }
            received.removeFirst(length)
        }
        return messages
    }

    /// The greeting (D-Bus Specification, "Authentication Protocol"): EXTERNAL, by the user's number, which the socket vouches for.
    private func greet() throws(DBusError) {
        let user = "\(getuid())".utf8.map { String($0, radix: 16) }.joined()
        try send([0] + Array("AUTH EXTERNAL \(user)\r\n".utf8))
        var answer: [UInt8] = []
        while !answer.suffix(2).elementsEqual("\r\n".utf8) {
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, Self.greetingLimit) > 0 else { throw DBusError("the message bus does not answer") }
            var byte: UInt8 = 0
            guard recv(descriptor, &byte, 1, 0) == 1, answer.count < 512 else {
                throw DBusError("the message bus lets this program not in")
            }
            answer.append(byte)
        }
        guard answer.starts(with: "OK ".utf8) else { throw DBusError("the message bus lets this user not in") }
        try send(Array("BEGIN\r\n".utf8))
    }

    private static func connected(_ path: [UInt8]) throws(DBusError) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // An abstract name has no end mark, a path has one.
        let isAbstract = path.first == 0
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { room in
            guard path.count + (isAbstract ? 0 : 1) <= room.count else { return false }
            room.copyBytes(from: path)
            return true
        }
        guard fits else { throw DBusError("the message bus's socket has too long a path") }
        #if os(Linux)
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        #else
        let descriptor = socket(AF_UNIX, SOCK_STREAM, 0)
        #endif
        guard descriptor >= 0 else { throw DBusError("no socket: \(reason)") }
        let length =
            MemoryLayout<sockaddr_un>.size
            - (isAbstract ? MemoryLayout.size(ofValue: address.sun_path) - path.count : 0)
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(length)) }
        }
        guard status == 0 else {
            let error = DBusError("no message bus: \(reason)")
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func sendQuietly(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
        #if canImport(Glibc)
        // A bus that is gone is an error, and no signal.
        Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        #else
        write(descriptor, bytes.baseAddress, bytes.count)
        #endif
    }

    private static var reason: String { String(cString: strerror(errno)) }
}
