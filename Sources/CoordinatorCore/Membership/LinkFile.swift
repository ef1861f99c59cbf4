package import Wire

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// One end of a link: a device at an address.
package struct LinkEnd: Sendable, Hashable, Codable {
    package var device: String
    package var address: String

    package init(device: String, address: String) {
        self.device = device
        self.address = address
    }
}

/// Remembers the speeds of links in a folder, so that a later start need not measure them; `links.json` there.
///
/// A link is known by the names and addresses of its ends. A file that cannot be read or written is as good as none. Used by one
/// task at a time.
package struct LinkFile: Sendable {
    private let folder: String

    private struct Document: Codable {
        var links: [Link]
    }

    private struct Link: Codable {
        var from: LinkEnd
        var to: LinkEnd
        var roundTripNanoseconds: UInt64
        var bytesPerSecond: UInt64
    }

    package init(folder: String) { self.folder = folder }

    /// What is known of the links between devices, each with its profile.
    package func load() -> [Set<LinkEnd>: LinkProfile] {
        guard let data = FileManager.default.contents(atPath: "\(folder)/links.json"),
            let document = try? Self.decoder.decode(Document.self, from: data)
        else { return [:] }
        let links = document.links.map { link in
            (
                Set([link.from, link.to]),
                LinkProfile(roundTripNanoseconds: link.roundTripNanoseconds, bytesPerSecond: link.bytesPerSecond)
            )
        }
        return Dictionary(links, uniquingKeysWith: { $1 })
    }

    /// Keeps what was measured, in place of what was known of the same links.
    package func store(_ links: [Set<LinkEnd>: LinkProfile]) {
        let all = load().merging(links) { $1 }
        let document = Document(
            links: all.compactMap { ends, profile in
                let ends = ends.sorted { ($0.device, $0.address) < ($1.device, $1.address) }
                guard ends.count == 2 else { return nil }
                return Link(
                    from: ends[0], to: ends[1], roundTripNanoseconds: profile.roundTripNanoseconds,
                    bytesPerSecond: profile.bytesPerSecond)
            }.sorted { ($0.from.device, $0.to.device) < ($1.from.device, $1.to.device) })
        guard let data = try? Self.encoder.encode(document) else { return }
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try? data.write(to: URL(filePath: "\(folder)/links.json"), options: .atomic)
    }

    private static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }

    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}
