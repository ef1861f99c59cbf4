import Formats
package import GGUF
import Tensors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The packed weights of a model's own file: a folder for each path that models were loaded from.
///
/// What is in it is good for the very file that it was made from; a file that was replaced is packed anew.
package struct PackedFolder: PackedPlaces {
    /// The folder of this model; it is made when something is written.
    package let path: String
    private let identity: PackedLayout.Identity

    /// What the names of this model's files end with: another file of the same path, or another version of Shoal, has another.
    private let suffix: String
    private static let suffix = ".packed"

    /// Names the folder for a model, and removes what another file of the same path, or another version of Shoal, left there.
    ///
    /// - Parameter folder: the folder for all models.
    /// - Returns: nil for a model that is in no file.
    package init?(in folder: String, model: GGUFFile) {
        guard let file = model.identity, let path = Self.path(in: folder, ofModelAt: model.path) else { return nil }
        self.path = path
        identity = PackedLayout.Identity(file)
        suffix = "-\(Self.hash(PackedLayout.prefix(identity)))\(Self.suffix)"
        removeOutdated()
    }

    package func place(of tensor: String) -> PackedPlace? {
        let part = TensorNames.layer(of: tensor).map { String(TensorNames.layer($0, "").dropLast()) } ?? tensor
        // It becomes a file's name.
        let isName =
            (1...100).contains(part.utf8.count)
            && part.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
            }
        return isName ? PackedPlace(path: "\(path)/\(part)\(suffix)", identity: identity) : nil
    }

    /// Removes what is kept of this model, so that it is packed anew. Who has it mapped keeps it until the end.
    package func removeAll() {
        for name in Folder.names(in: path) where name.hasSuffix(Self.suffix) { unlink("\(path)/\(name)") }
    }

    /// Removes what is kept of the model of a path, whichever file was there.
    ///
    /// - Returns: bytes that it took.
    package static func removeAll(in folder: String, ofModelAt modelPath: String) -> Int {
        guard let path = path(in: folder, ofModelAt: modelPath) else { return 0 }
        var bytes = 0
        for name in Folder.names(in: path) where name.hasSuffix(suffix) {
            var status = stat()
            guard stat("\(path)/\(name)", &status) == 0, unlink("\(path)/\(name)") == 0 else { continue }
            bytes += Int(clamping: status.st_size)
        }
        rmdir(path)
        return bytes
    }

    /// The folder of the model of a path; nil where there is nothing.
    private static func path(in folder: String, ofModelAt modelPath: String) -> String? {
        guard let resolved = realpath(modelPath, nil) else { return nil }
        defer { free(resolved) }
        let modelPath = String(cString: resolved)
        let name = modelPath.split(separator: "/").last.map(String.init) ?? ""
        return "\(folder)/\(name.prefix(100))-\(hash(modelPath.utf8))"
    }

    private func removeOutdated() {
        // By their names: reading their beginnings would let the system read on in small pages.
        for name in Folder.names(in: path) where name.hasSuffix(Self.suffix) && !name.hasSuffix(suffix) {
            unlink("\(path)/\(name)")
        }
    }

    /// FNV-1a of 64 bits (Fowler, Noll, Vo), hexadecimal: names only, the identity is what is believed.
    private static func hash(_ bytes: some Sequence<UInt8>) -> String {
        let hash = bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return String(hash, radix: 16)
    }
}
