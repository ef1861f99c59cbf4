import Sensors

/// Which disk a folder lies on.
struct Mounts {
    struct Mount {
        /// `179:2`, as the kernel numbers it.
        var device: String
        var point: String
        var isReadOnly: Bool
    }

    private let mounts: [Mount]

    /// - Parameter text: of /proc/self/mountinfo (proc(5)).
    init(_ text: String) {
        mounts = text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 6 else { return nil }
            return Mount(
                device: String(fields[2]), point: Self.unescaped(fields[4]),
                isReadOnly: fields[5].split(separator: ",").contains("ro"))
        }
    }

    /// The mount that a path is below; of several at one point the last covers the others.
    func mount(of path: String) -> Mount? {
        mounts.filter { path == $0.point || $0.point == "/" || path.hasPrefix($0.point + "/") }
            .enumerated().max { ($0.element.point.utf8.count, $0.offset) < ($1.element.point.utf8.count, $1.offset) }?
            .element
    }

    /// `\040` is a space there, and so on.
    static func unescaped(_ text: some StringProtocol) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let number = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                bytes.append(number)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension Machine {
    var mounts: Mounts { Mounts(files.text("/proc/self/mountinfo") ?? "") }

    /// The name of the disk that has a part: `mmcblk0` of `mmcblk0p2`; `nil` for what is no disk.
    ///
    /// - Parameter number: the part's, such as `179:2`.
    func disk(ofPart number: String) -> (disk: String, part: String)? {
        guard let place = files.link("/sys/dev/block/\(number)") else { return nil }
        let components = place.split(separator: "/").map(String.init)
        guard let part = components.last,
            let disk = components.reversed().first(where: { files.exists("/sys/block/\($0)") })
        else { return nil }
        return (disk, part)
    }

    /// Whether it is a memory card that can be taken out, an eMMC, or something else.
    func kind(ofDisk name: String) -> DeviceFacts.Disk.Kind {
        guard name.hasPrefix("mmcblk") else { return .other }
        return files.text("/sys/block/\(name)/device/type") == "MMC" ? .soldered : .card
    }
}
