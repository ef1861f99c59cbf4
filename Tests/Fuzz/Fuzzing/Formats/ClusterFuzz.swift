import ClusterFile

/// Cluster files. An operator writes them; a damaged one must still end in a message.
package struct ClusterFuzz: FuzzFormat {
    package static let name = "cluster"

    package init() throws {}

    package let corpus: [[UInt8]] = [
        """
        model: /models/a.gguf
        context: 2048
        slots: 4
        devices:
          - name: pi1
            address: 192.168.1.11:7077
            memory: 1GiB
            threads: 4
            profile:
              read: 11.4GB/s
              products:
                Q4_0: {1: 10.5GB/s, 64: 2.1GB/s}
              link: {round-trip: 0.3ms, speed: 1Gbit/s}
            watts: {idle: 2.7, busy: 6.8}
          - {name: pi2, address: "[fe80::1]:7078"}
        coordinator: {watts: {idle: 9, busy: 35}}
        pins:
          - 0-9=pi1
          - embedding=coordinator
        """,
        "devices: [{name: a, address: h}]\n", "devices: &d\n  - {name: a, address: h}\npins: [head=a]\n",
    ].map { Array($0.utf8) }

    package let words: [[UInt8]] = [
        "devices:", "name:", "address:", "memory:", "profile:", "link:", "products:", "pins:", "watts:", "idle:", "- ",
        "\n", "\n  ",
        "&a ", "*a", "{",
        "}", "[", "]", "? ", ": ", "!!str ", "!!binary ", "|\n", ">\n", "---\n", "...\n", "%YAML 1.1\n", "\"", "'",
        "\\u0000", "#", "<<: *a",
        "1GiB", "99999999999999999999", "1e400", "nan", "-1", "0x7f", "0-18446744073709551615=", "Gbit/s", "ms",
        "\u{feff}", "\u{85}",
    ].map { Array($0.utf8) }

    package var extremes: [[UInt8]] {
        var laughs = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
        for level in 1..<10 {
            laughs +=
                "a\(level): &a\(level) [" + [String](repeating: "*a\(level - 1)", count: 10).joined(separator: ",")
                + "]\n"
        }
        func times(_ text: String, _ count: Int = 256 << 10) -> String {
            String(repeating: text, count: count / text.utf8.count)
        }
        return [
            laughs, times("["), times("{"), times("- "), times("{a: "), times("? "), times("&a "), times("a: \n"),
            times("!"), times("-\n"),
            "devices: [" + times("{name: a, address: h},") + "]", times("#"), times("'"), times("\"\\x41"),
            times("*a "),
            (0..<50000).map { "k\($0): v\n" }.joined(),
            "devices:\n" + (0..<20000).map { " - {name: n\($0), address: h\($0)}\n" }.joined(),
        ].map { Array($0.utf8) }
    }

    package func run(_ input: [UInt8]) -> FuzzOutcome {
        do throws(ClusterFileError) {
            let cluster = try ClusterDeclaration(yaml: String(decoding: input, as: UTF8.self), file: "cluster.yaml")
            for device in cluster.devices {
                precondition(DeviceAddress(parsing: "\(device.address)") == device.address)
            }
            return .accepted
        } catch {
            precondition(!error.message.isEmpty)
            return .refused
        }
    }
}
