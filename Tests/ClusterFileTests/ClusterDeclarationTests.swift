import Testing

import ClusterFile
import Placement

@Suite("Cluster file")
struct ClusterDeclarationTests {
    private func read(_ yaml: String) throws -> ClusterDeclaration {
        try ClusterDeclaration(yaml: yaml, file: "c.yaml")
    }

    @Test func `every key is read`() throws {
        let declaration = try read(
            """
            model: /models/a b.gguf
            context: 2048
            slots: 4
            devices:
              - name: pi1
                address: 192.168.1.11
                memory: 1GiB
                threads: 3
                profile:
                  read: 11.4 GB/s
                  disk: 90MB/s
                  products: {Q4_0: {1: 10GB/s, 64: 2GB/s}, Q8_0: 9.5GB/s}
                  link: {round-trip: 300us, speed: 1Gbit/s}
              - {name: pi2, address: "[fe80::1]:7001", memory: 536870912}
            coordinator: {memory: 8GiB, threads: 6, profile: {read: 30GB/s}, watts: {idle: 9, busy: 35}}
            pins: [0-9=pi1, 12=pi2, embedding=coordinator]
            """)
        #expect(
            declaration.coordinator
                == DeclaredCoordinator(
                    memory: 8 << 30, threads: 6, speed: DeviceSpeed(readBytesPerSecond: 30e9),
                    power: DevicePower(idleWatts: 9, busyWatts: 35)))
        #expect(declaration.model == "/models/a b.gguf")
        #expect(declaration.context == 2048)
        #expect(declaration.slots == 4)
        #expect(declaration.devices.map(\.name) == ["pi1", "pi2"])
        #expect(
            declaration.devices.map(\.address)
                == [DeviceAddress(host: "192.168.1.11", port: 7077), DeviceAddress(host: "fe80::1", port: 7001)])
        #expect(declaration.devices.map(\.memory) == [1 << 30, 512 << 20])
        #expect(declaration.devices.map(\.threads) == [3, nil])
        #expect(
            declaration.devices.map(\.speed) == [
                DeviceSpeed(
                    readBytesPerSecond: 11.4e9,
                    products: [
                        ProductSpeed(elementType: 2, rows: 1, bytesPerSecond: 10e9),
                        ProductSpeed(elementType: 2, rows: 64, bytesPerSecond: 2e9),
                        ProductSpeed(elementType: 8, rows: 1, bytesPerSecond: 9.5e9),
                    ], diskBytesPerSecond: 90e6), nil,
            ])
        #expect(
            declaration.devices.map(\.link) == [LinkSpeed(roundTripSeconds: 300e-6, bytesPerSecond: 125e6), nil])
        #expect(
            declaration.pins
                == [
                    Pin(layers: 0...9, device: "pi1"), Pin(layers: 12...12, device: "pi2"),
                    Pin(.embedding, device: "coordinator"),
                ])
    }

    @Test func `only devices are needed`() throws {
        let declaration = try read("devices: [{name: a, address: localhost}]")
        #expect(declaration.model == nil && declaration.context == nil && declaration.slots == nil)
        #expect(declaration.devices[0].memory == nil && declaration.pins.isEmpty)
    }

    @Test(
        arguments: [
            ("", .noDevices, nil, "list them under 'devices:'"),
            ("# nothing", .noDevices, nil, "no devices"),
            ("context: 3", .noDevices, nil, "no devices"),
            ("devices: []", .noDevices, 1, "no devices"),
            ("devices:\n  name: a", .badValue, 2, "begin each entry with '- '"),
            ("devices:\n  - a", .badValue, 2, "a device is a mapping"),
            ("just text", .badValue, 1, "a cluster file is a mapping"),
            ("devices: [{name: a, address: h}]\nports: 3", .unknownKey, 2, "no key 'ports'"),
            (
                "devices:\n  - name: a\n    adress: h", .unknownKey, 3,
                "it may have name, address, memory, threads, profile"
            ),
            ("devices:\n  - name: a", .missingKey, 2, "no 'address:'"),
            ("devices:\n  - address: a", .missingKey, 2, "no 'name:'"),
            ("devices:\n  - name:\n    address: h", .badValue, 2, "'name' needs a value"),
            ("devices:\n  - name: a=b\n    address: h", .badValue, 2, "no pin could name it"),
            ("devices:\n  - name: coordinator\n    address: h", .badValue, 2, "another name"),
            ("devices:\n  - name: a\n    address: h:99999", .badValue, 3, "write HOST:PORT"),
            ("devices:\n  - name: a\n    address: h\n    memory: lots", .badValue, 4, "as 1GiB"),
            ("devices:\n  - name: a\n    address: h\n    memory: 0", .badValue, 4, "as 1GiB"),
            ("devices:\n  - name: a\n    address: h\n    threads: -1", .badValue, 4, "whole number"),
            ("devices:\n  - name: a\n    address: h\n    profile: 3", .badValue, 4, "a profile is a mapping"),
            (
                "devices:\n  - name: a\n    address: h\n    profile:\n      read: 11GB", .badValue, 5,
                "write a rate as 11.4GB/s"
            ),
            (
                "devices:\n  - name: a\n    address: h\n    profile:\n      products: {Q4_0: 1GB/s}", .missingKey, 5,
                "needs 'read'"
            ),
            (
                "devices:\n  - name: a\n    address: h\n    profile:\n      read: 1GB/s\n      products: {Q9: 1GB/s}",
                .unknownKey, 6, "known are F32"
            ),
            (
                "devices:\n  - name: a\n    address: h\n    profile:\n      link: {round-trip: 3}", .badValue, 5,
                "write a time as 0.3ms"
            ),
            ("context: 1e3\ndevices: [{name: a, address: h}]", .badValue, 1, "'context' is '1e3'"),
            ("devices:\n  - {name: a, address: h}\n  - {name: a, address: i}", .duplicate, 3, "named 'a'"),
            ("devices:\n  - {name: a, address: h}\n  - {name: b, address: 'h:7077'}", .duplicate, 3, "of 'a'"),
            ("context: 1\ncontext: 2", .duplicate, 1, "twice"),
            ("devices: [{name: a, address: h}]\npins:\n  - 9-0=a", .badValue, 3, "0-9=pi1"),
            ("devices: [{name: a, address: h}]\npins:\n  - 0-9=b", .badValue, 3, "known are a, coordinator"),
            ("devices: [{name: a, address: h, watts: {idle: 3}}]", .missingKey, 1, "no 'busy'"),
            ("devices: [{name: a, address: h, watts: {idle: 7, busy: 3}}]", .badValue, 1, "no less while it computes"),
            ("devices: [{name: a, address: h, watts: {idle: x, busy: 3}}]", .badValue, 1, "needs watts"),
            (
                "coordinator: {name: x}\ndevices: [{name: a, address: h}]", .unknownKey, 1,
                "memory, threads, profile, watts"
            ),
            (
                "coordinator: {profile: {read: 1GB/s, link: {speed: 1Gbit/s}}}\ndevices: [{name: a, address: h}]",
                .badValue, 1, "no link to itself"
            ),
            ("devices:\n  - name: a\n    address: h\n    memory: 7", .badValue, 4, "1.0 MiB to 64.0 TiB"),
            ("coordinator: {memory: 2}\ndevices: [{name: a, address: h}]", .badValue, 1, "1.0 MiB to 64.0 TiB"),
            ("devices:\n  - name: a\n    address: h\n    threads: 1025", .badValue, 4, "1 to 1024"),
            ("slots: 2000\ndevices: [{name: a, address: h}]", .badValue, 1, "1 to 1024"),
            ("context: 16777217\ndevices: [{name: a, address: h}]", .badValue, 1, "1 to 16777216"),
            (
                "devices:\n  - name: \(String(repeating: "n", count: 65))\n    address: h", .badValue, 2,
                "65 bytes; it may have 64"
            ),
            ("devices: [", .syntax, 2, "no YAML"),
            ("devices:\n\t- x", .syntax, 2, "no YAML"),
            ("devices: *nobody", .syntax, 1, "no YAML"),
        ] as [(String, ClusterFileError.Code, Int?, String)])
    func `a fault names file, line and mend`(yaml: String, code: ClusterFileError.Code, line: Int?, part: String) throws
    {
        let error = try #require(throws: ClusterFileError.self) { try read(yaml) }
        #expect(error.code == code)
        #expect(error.line == line)
        #expect(error.description.hasPrefix(line.map { "c.yaml:\($0): " } ?? "c.yaml: "))
        #expect(error.description.contains(part))
    }

    @Test func `watts of devices and of the coordinator's own`() throws {
        let declaration = try read(
            "devices: [{name: a, address: h, watts: {idle: 2.7, busy: 6.8}}, {name: b, address: i}]\ncoordinator: {watts: {idle: 9, busy: 35}}"
        )
        #expect(declaration.devices.map(\.power) == [DevicePower(idleWatts: 2.7, busyWatts: 6.8), nil])
        #expect(declaration.coordinatorPower == DevicePower(idleWatts: 9, busyWatts: 35))
        #expect(try read("devices: [{name: a, address: h}]").coordinatorPower == nil)
    }

    @Test func `a file too large to be one is refused`() throws {
        let error = try #require(throws: ClusterFileError.self) { try read(String(repeating: "#", count: 2 << 20)) }
        #expect(error.code == .syntax)
    }
}

@Suite("Device address")
struct DeviceAddressTests {
    @Test(arguments: [
        ("pi1", "pi1:7077"), ("pi1.local:80", "pi1.local:80"), ("10.0.0.1:7071", "10.0.0.1:7071"),
        ("[::1]", "[::1]:7077"),
        ("[fe80::1%eth0]:1", "[fe80::1%eth0]:1"),
    ])
    func `is read and written`(text: String, written: String) throws {
        let address = try #require(DeviceAddress(parsing: text))
        #expect(address.description == written)
        #expect(DeviceAddress(parsing: written) == address)
    }

    @Test(arguments: [
        "", ":7077", "h:", "h:0", "h:65536", "h:-1", "h:+1", "::1", "[::1", "[::1]7", "[h]:1", "http://h", "a b", "u@h",
    ])
    func `that cannot be read gives nothing`(text: String) {
        #expect(DeviceAddress(parsing: text) == nil)
    }
}
