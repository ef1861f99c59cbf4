import Identity

/// Who the devices are that are used: a worker that is named by two addresses is one device, and has its own name, where it has one. A pure
/// value.
package struct DeviceRoster: Sendable {
    /// What a device says of who it is.
    package struct Introduction: Sendable, Hashable {
        /// The identity in its certificate, else its process: what no other device has. `nil` where it does not say.
        package var identity: String?
        /// The name that was given to it; `nil` where it has its host's only.
        package var name: String?

        package init(identity: String?, name: String?) {
            self.identity = identity
            self.name = name
        }
    }

    /// What comes of meeting a device.
    package enum Meeting: Sendable, Hashable {
        /// It is used under this name, which may be the one that it had. With a line for people where that needs one.
        case used(as: String, note: String?)
        /// It is another one that is there already.
        case repeats(String, note: String)
    }

    /// The identities of devices by their names here.
    private var identities: [String: String] = [:]
    /// The devices' names here by what else they were called.
    private var names: [String: String] = [:]

    package init() {}

    /// Whether the device of this name was met.
    package func hasMet(_ device: String) -> Bool { identities[device] != nil }

    /// The device that is meant by a name or an address.
    package func name(of text: String) -> String { names[text] ?? text }

    /// The device with an identity, if it was met.
    package func device(withIdentity identity: String) -> String? {
        identities.first { $0.value == identity }?.key
    }

    /// A device that is used says who it is: another process than before where it was started again.
    ///
    /// - Returns: another device that it turns out to be.
    package mutating func met(_ device: String, _ introduction: Introduction) -> String? {
        if let identity = introduction.identity, let other = self.device(withIdentity: identity) {
            return other == device ? nil : other
        }
        identities[device] = introduction.identity ?? ""
        return nil
    }

    /// A device has another name; the one that it had means it still.
    package mutating func rename(_ old: String, to new: String) {
        identities[new] = identities.removeValue(forKey: old)
        names = names.mapValues { $0 == old ? new : $0 }
        names[old] = new
        names[new] = nil
    }

    /// A device is used under a name: what that meant before it means no more.
    package mutating func take(_ name: String) { names[name] = nil }

    /// A device is not used any more.
    package mutating func forget(_ device: String) {
        identities[device] = nil
        names = names.filter { $0.value != device }
    }

    /// Meets a device that is to be used.
    ///
    /// - Parameter others: those that are used beside it.
    package mutating func meet(
        _ device: DeviceDeclaration, _ introduction: Introduction, others: [DeviceDeclaration]
    ) -> Meeting {
        if let identity = introduction.identity,
            let other = others.first(where: { identities[$0.name] == identity || $0.memberID == identity })
        {
            names[device.name] = other.name
            names[device.address] = other.name
            return .repeats(
                other.name, note: "\(device.name) is the same device as \(other.title): it is used once")
        }
        let (name, note) = name(for: device, introduction, others: others)
        // One that does not say who it is was met all the same.
        identities[name] = introduction.identity ?? ""
        if name != device.name { names[device.name] = name }
        return .used(as: name, note: note)
    }

    private func name(
        for device: DeviceDeclaration, _ introduction: Introduction, others: [DeviceDeclaration]
    ) -> (String, note: String?) {
        // Who gave it a name here, or knows it by its certificate, calls it that.
        guard device.name == device.address, device.memberID == nil, let own = introduction.name,
            let name = try? DeviceName.member(own).description
        else { return (device.name, nil) }
        guard let other = others.first(where: { DeviceName.resembles($0.ownName, name) }) else { return (name, nil) }
        let longer = "\(name)@\(device.address)"
        return (
            longer,
            "the devices at \(other.address) and \(device.address) have the name \(name): the second is called \(longer) here"
        )
    }
}

extension DeviceDeclaration {
    /// Its name, and where it is if that is not the same.
    fileprivate var title: String { name == address ? name : "\(name) (\(address))" }

    /// Its name without what tells it from another one of that name.
    fileprivate var ownName: String {
        let suffix = "@\(address)"
        return name.hasSuffix(suffix) ? String(name.dropLast(suffix.count)) : name
    }
}
