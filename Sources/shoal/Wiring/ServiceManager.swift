import Foundation

/// systemd, as far as commands have to do with it.
enum ServiceManager {
    /// Whether it runs this machine (sd_booted(3)).
    static var isRunning: Bool { access("/run/systemd/system", F_OK) == 0 }

    /// Whether it has a unit.
    static func knows(_ unit: String) -> Bool { (try? run(["cat", "--no-pager", unit], quietly: true)) == 0 }

    /// - Throws: `CommandError` where systemctl cannot be run, or fails.
    static func control(_ arguments: [String]) throws {
        let status = try run(arguments, quietly: false)
        guard status == 0 else {
            throw CommandError(
                "systemctl \(arguments.joined(separator: " ")) failed with status \(status): journalctl -u \(arguments.last ?? "") says why"
            )
        }
    }

    private static func run(_ arguments: [String], quietly: Bool) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/systemctl")
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        if quietly { process.standardError = FileHandle.nullDevice }
        do {
            try process.run()
        } catch {
            throw CommandError("systemctl cannot be run: \(error.localizedDescription)")
        }
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Says that the service is ready, where this process is one of whom that is waited for (sd_notify(3), Type=notify).
    ///
    /// - Parameter status: what `systemctl status` is to show: one line.
    static func tellReady(_ status: String) {
        guard let path = ProcessInfo.processInfo.environment["NOTIFY_SOCKET"], let address = Address(path) else {
            return
        }
        #if os(Linux)
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        #else
        let descriptor = socket(AF_UNIX, SOCK_DGRAM, 0)
        #endif
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let message = Array("READY=1\nSTATUS=\(status)".utf8)
        // Where nobody takes it, the service manager says that the service did not become ready.
        _ = address.withSocketAddress { sendto(descriptor, message, message.count, 0, $0, $1) }
    }

    /// A socket's name: a path, or one of Linux's abstract names, written with @ in front (unix(7)).
    private struct Address {
        private var address = sockaddr_un()
        private let length: socklen_t

        init?(_ name: String) {
            var bytes = Array(name.utf8)
            guard name.hasPrefix("/") || name.hasPrefix("@"), bytes.count < MemoryLayout.size(ofValue: address.sun_path)
            else { return nil }
            if name.hasPrefix("@") { bytes[0] = 0 }
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
            let end = MemoryLayout<sockaddr_un>.offset(of: \.sun_path)! + bytes.count
            // A path ends with a zero; in an abstract name that would be a byte of it.
            length = socklen_t(name.hasPrefix("/") ? end + 1 : end)
        }

        func withSocketAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
            withUnsafePointer(to: address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
            }
        }
    }
}
