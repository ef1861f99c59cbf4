import Placement
import Yams

extension ClusterDeclaration {
    /// Reads a cluster file.
    /// - Parameters:
    ///   - yaml: the file's text.
    ///   - file: the file's name, for errors.
    /// - Throws: `ClusterFileError` with the line and the mend.
    package init(yaml: String, file: String) throws(ClusterFileError) {
        let reader = ClusterFileReader(file: file)
        guard yaml.utf8.count <= ClusterFileReader.largestFile else {
            throw reader.error(
                .syntax, nil, "a cluster file has at most \(ByteCount(ClusterFileReader.largestFile)); is this one?")
        }
        self = try reader.read(try reader.compose(yaml))
    }
}

/// Walks the nodes of one file.
struct ClusterFileReader {
    /// Far beyond any cluster; keeps a wrong file from being parsed, which takes up to 110 times as much memory.
    static let largestFile = 256 << 10
    static let mostContext = 1 << 24
    static let mostSlots = 1024
    static let mostThreads = 1024
    static let leastMemory = 1 << 20
    static let mostMemory = 64 << 40
    /// Of a device's name, in bytes.
    static let longestName = 64

    let file: String

    func error(_ code: ClusterFileError.Code, _ node: Node?, _ message: String) -> ClusterFileError {
        ClusterFileError(code: code, file: file, line: node?.mark?.line, message: message)
    }

    func compose(_ yaml: String) throws(ClusterFileError) -> Node? {
        do {
            return try Yams.compose(yaml: yaml)
        } catch let fault as YamlError {
            switch fault {
            case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
                .composer(_, let problem, let mark, _):
                throw ClusterFileError(
                    code: .syntax, file: file, line: mark.line, message: "this is no YAML: \(problem)")
            case .duplicatedKeysInMapping(let keys, let context):
                throw ClusterFileError(
                    code: .duplicate, file: file, line: context.mark.line,
                    message: "the key \(keys.sorted().joined(separator: ", ")) stands here twice; drop one")
            case .reader(let problem, _, _, _):
                throw self.error(.syntax, nil, "this is no text: \(problem)")
            default:
                throw self.error(.syntax, nil, "this is no YAML: \(fault)")
            }
        } catch {
            throw self.error(.syntax, nil, "this is no YAML: \(error)")
        }
    }

    func read(_ root: Node?) throws(ClusterFileError) -> ClusterDeclaration {
        guard let root else { throw error(.noDevices, nil, Self.noDevices) }
        let values = try keys(
            of: root, named: "a cluster file", allowed: ["model", "context", "slots", "devices", "pins", "coordinator"])
        guard let devicesNode = values["devices"] else { throw error(.noDevices, nil, Self.noDevices) }
        var declaration = ClusterDeclaration(devices: [], pins: [])
        declaration.model = try values["model"].map { node throws(ClusterFileError) in try text(node, "model") }
        declaration.context = try values["context"].map { node throws(ClusterFileError) in
            try number(node, "context", most: Self.mostContext)
        }
        declaration.slots = try values["slots"].map { node throws(ClusterFileError) in
            try number(node, "slots", most: Self.mostSlots)
        }

        if let node = values["coordinator"] { declaration.coordinator = try coordinator(node) }
        let devices = try list(devicesNode, "devices")
        guard devices.count <= PlacementRequest.mostDevices else {
            throw error(
                .badValue, devices[PlacementRequest.mostDevices],
                "\(devices.count) devices are declared, and at most \(PlacementRequest.mostDevices) are planned for")
        }
        for node in devices {
            let device = try device(node)
            if declaration.devices.contains(where: { $0.name == device.name }) {
                throw error(.duplicate, node, "a device named '\(device.name)' stands above; give each its own name")
            }
            if let other = declaration.devices.first(where: { $0.address == device.address }) {
                throw error(
                    .duplicate, node,
                    "'\(device.name)' has the address \(device.address) of '\(other.name)'; each worker has its own")
            }
            declaration.devices.append(device)
        }
        if declaration.devices.isEmpty { throw error(.noDevices, devicesNode, Self.noDevices) }
        if let pinsNode = values["pins"] {
            for node in try list(pinsNode, "pins") {
                declaration.pins.append(try pin(node, declaration.devices.map(\.name)))
            }
        }
        return declaration
    }

    private static let noDevices =
        "no devices are declared; list them under 'devices:', each with a name and an address as 192.168.1.11:7077"

    private func device(_ node: Node) throws(ClusterFileError) -> DeclaredDevice {
        let values = try keys(
            of: node, named: "a device", allowed: ["name", "address", "memory", "threads", "profile", "watts"])
        guard let nameNode = values["name"] else { throw error(.missingKey, node, "this device has no 'name:'") }
        let name = try text(nameNode, "name")
        if name == ClusterDeclaration.coordinatorName {
            throw error(
                .badValue, nameNode, "'\(name)' is the coordinator's own device in pins; give this device another name")
        }
        guard name.utf8.count <= Self.longestName else {
            throw error(
                .badValue, nameNode, "the name has \(name.utf8.count) bytes; it may have \(Self.longestName)")
        }
        if name.contains(where: { $0 == "=" || $0.isNewline }) {
            throw error(
                .badValue, nameNode, "the name '\(name)' has a '=' or a line break, so that no pin could name it")
        }
        guard let addressNode = values["address"] else {
            throw error(.missingKey, node, "the device '\(name)' has no 'address:'; write HOST:PORT")
        }
        let addressText = try text(addressNode, "address")
        guard let address = DeviceAddress(parsing: addressText) else {
            throw error(
                .badValue, addressNode,
                "the address '\(addressText)' cannot be read; write HOST:PORT, as 192.168.1.11:7077")
        }
        let profile = try values["profile"].map { node throws(ClusterFileError) in try self.profile(node) }
        return DeclaredDevice(
            name: name, address: address,
            memory: try values["memory"].map { node throws(ClusterFileError) in try size(node) },
            threads: try values["threads"].map { node throws(ClusterFileError) in
                try number(node, "threads", most: Self.mostThreads)
            },
            speed: profile?.speed, link: profile?.link,
            power: try values["watts"].map { node throws(ClusterFileError) in try power(node) })
    }

    private func coordinator(_ node: Node) throws(ClusterFileError) -> DeclaredCoordinator {
        let values = try keys(
            of: node, named: "the coordinator's own device", allowed: ["memory", "threads", "profile", "watts"])
        let profile = try values["profile"].map { node throws(ClusterFileError) in try self.profile(node) }
        if profile?.link != nil {
            throw error(.badValue, values["profile"], "the coordinator's own device has no link to itself; drop 'link'")
        }
        return DeclaredCoordinator(
            memory: try values["memory"].map { node throws(ClusterFileError) in try size(node) },
            threads: try values["threads"].map { node throws(ClusterFileError) in
                try number(node, "threads", most: Self.mostThreads)
            },
            speed: profile?.speed,
            power: try values["watts"].map { node throws(ClusterFileError) in try power(node) })
    }

    private func pin(_ node: Node, _ devices: [String]) throws(ClusterFileError) -> Pin {
        let written = try text(node, "pins")
        let pin: Pin
        do { pin = try Pin(parsing: written) } catch { throw self.error(.badValue, node, error.description) }
        guard pin.device == ClusterDeclaration.coordinatorName || devices.contains(pin.device) else {
            throw error(
                .badValue, node,
                "the pin \(pin) names no declared device; known are \((devices + [ClusterDeclaration.coordinatorName]).joined(separator: ", "))"
            )
        }
        return pin
    }

    func keys(of node: Node, named what: String, allowed: [String]) throws(ClusterFileError) -> [String: Node] {
        guard case .mapping(let mapping) = node else {
            throw error(.badValue, node, "\(what) is a mapping with the keys \(allowed.joined(separator: ", "))")
        }
        var values: [String: Node] = [:]
        for (key, value) in mapping {
            guard let name = key.scalar?.string, allowed.contains(name) else {
                throw error(
                    .unknownKey, key,
                    "\(what) has no key '\(key.scalar?.string ?? "…")'; it may have \(allowed.joined(separator: ", "))")
            }
            values[name] = value
        }
        return values
    }

    private func list(_ node: Node, _ key: String) throws(ClusterFileError) -> [Node] {
        guard case .sequence(let nodes) = node else {
            throw error(.badValue, node, "'\(key)' is a list; begin each entry with '- '")
        }
        return Array(nodes)
    }

    func text(_ node: Node, _ key: String) throws(ClusterFileError) -> String {
        guard let text = node.scalar?.string, !text.isEmpty else {
            throw error(.badValue, node, "'\(key)' needs a value: one line of text")
        }
        return text
    }

    func number(_ node: Node, _ key: String, most: Int) throws(ClusterFileError) -> Int {
        let written = try text(node, key)
        guard written.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(written),
            (1...most).contains(number)
        else {
            throw error(.badValue, node, "'\(key)' is '\(written)'; it needs a whole number from 1 to \(most)")
        }
        return number
    }

    func size(_ node: Node) throws(ClusterFileError) -> Int {
        let written = try text(node, "memory")
        guard let size = ByteCount(parsing: written), size.bytes > 0 else {
            throw error(
                .badValue, node, "'memory' is '\(written)'; write a size as 1GiB, 512MiB, 800MB or a number of bytes")
        }
        guard (Self.leastMemory...Self.mostMemory).contains(size.bytes) else {
            throw error(
                .badValue, node,
                "'memory' is '\(written)'; a device has \(ByteCount(Self.leastMemory)) to \(ByteCount(Self.mostMemory)) for layers, and a plain number is one of bytes"
            )
        }
        return size.bytes
    }
}
