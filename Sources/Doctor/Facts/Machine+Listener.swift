import Sensors

extension Machine {
    /// The name of this program's processes.
    private static let program = "shoal"
    /// Bytes of the table of sockets that are looked at.
    private static let mostBytes = 4 << 20

    /// Who listens on a TCP port. Of a process of another user only root sees the sockets.
    func listener(on port: Int) -> DeviceFacts.Port.Listener {
        let sockets = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap { listening(on: port, in: $0) }
        guard !sockets.isEmpty else { return .nobody }
        let processes = files.names(in: "/proc").filter { $0.allSatisfy(\.isNumber) }
        let wanted = Set(sockets.map { "socket:[\($0)]" })
        for process in processes {
            let folder = "/proc/\(process)/fd"
            guard
                files.names(in: folder).contains(where: { files.link("\(folder)/\($0)").map(wanted.contains) ?? false })
            else { continue }
            let name = files.text("/proc/\(process)/comm") ?? ""
            return name == Self.program ? .shoal : .other(name.isEmpty ? nil : name)
        }
        let runs = processes.contains { files.text("/proc/\($0)/comm") == Self.program }
        return runs ? .shoal : .other(nil)
    }

    /// The inodes of sockets in the state LISTEN (0A) with this local port (proc_pid_net(5)).
    private func listening(on port: Int, in table: String) -> [String] {
        guard let bytes = files.bytes(table, most: Self.mostBytes) else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 9, fields[3] == "0A", let colon = fields[1].lastIndex(of: ":"),
                Int(fields[1][fields[1].index(after: colon)...], radix: 16) == port
            else { return nil }
            return String(fields[9])
        }
    }
}
