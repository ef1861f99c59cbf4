import Identity

/// The record as the strings of a TXT record: `key=value` each (RFC 6763, 6).
extension ServiceRecord {
    /// Strings that are looked at; a record with more is none of Shoal's, which has five.
    static let mostStrings = 32
    /// A length byte counts it (RFC 1035, 3.3).
    private static let mostStringBytes = 255

    private static let layout = "1"

    /// The strings, each without its length byte.
    package var strings: [[UInt8]] {
        var pairs = [("txtvers", Self.layout), ("proto", "\(protocolVersion)"), ("name", name.description)]
        switch standing {
        case .member(let mark): pairs += [("state", "member"), ("cluster", mark.description)]
        case .waiting: pairs += [("state", "waiting")]
        case .insecure: pairs += [("state", "insecure")]
        }
        return pairs.map { Array("\($0)=\($1)".utf8) }
    }

    /// Reads what `strings` gives. Other keys are passed over, for versions to come; of a key that is there twice the first counts.
    ///
    /// - Throws: `ServiceRecordError`, whose text has nothing of the record in it.
    package init(strings: [[UInt8]]) throws(ServiceRecordError) {
        guard strings.count <= Self.mostStrings else { throw ServiceRecordError("\(strings.count) strings") }
        var values: [String: String] = [:]
        for string in strings {
            guard string.count <= Self.mostStringBytes else { throw ServiceRecordError("a string is too long") }
            guard let (key, value) = Self.pair(string), values[key] == nil else { continue }
            values[key] = value
        }
        func value(_ key: String) throws(ServiceRecordError) -> String {
            guard let value = values[key] else { throw ServiceRecordError("\(key) is missing") }
            return value
        }
        guard try value("txtvers") == Self.layout else { throw ServiceRecordError("txtvers is not \(Self.layout)") }
        let version = try value("proto")
        guard version.utf8.count <= 10, version.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = UInt32(version), number > 0
        else { throw ServiceRecordError("proto is no version") }
        let name: DeviceName
        do {
            name = try DeviceName.member(try value("name"))
        } catch let error as ServiceRecordError {
            throw error
        } catch {
            throw ServiceRecordError("name is no name of a device")
        }
        self.init(name: name, protocolVersion: number, standing: .waiting)
        switch try value("state") {
        case "member":
            guard let mark = ClusterMark(text: try value("cluster")) else {
                throw ServiceRecordError("cluster is no mark of one")
            }
            standing = .member(mark)
        case "waiting": break
        case "insecure": standing = .insecure
        default: throw ServiceRecordError("state is none of member, waiting and insecure")
        }
    }

    /// The key, in lower case, and the value of a string of printable ASCII; `nil` for another.
    private static func pair(_ string: [UInt8]) -> (key: String, value: String)? {
        guard let equals = string.firstIndex(of: UInt8(ascii: "=")), equals > 0,
            string.allSatisfy({ (0x20...0x7e).contains($0) })
        else { return nil }
        return (
            String(decoding: string[..<equals], as: UTF8.self).lowercased(),
            String(decoding: string[(equals + 1)...], as: UTF8.self)
        )
    }
}
