import CKernels
package import Formats

/// What a file of packed weights holds, and where: all of it follows from whose weights they are and which matrices.
///
/// Little-endian, offsets from the start of the file:
///
///     0   8  "shoalpck"
///     8   4  version of this format, 1
///    12   4  version of the panels (SHOAL_PANEL_VERSION in ckernels.h)
///    16  32  identity of the weights' source
///    48   8  bytes of the file
///    56   8  matrices
///    64      for each: type (4), bytes of its name (4), rows (8), columns (8), place (8), bytes (8), the name
///
/// then the panels of each matrix at the next multiple of 4096. The panels are the same for all instruction sets.
package struct PackedLayout: Sendable {
    /// One matrix of the file.
    package struct Matrix: Sendable, Hashable {
        package let name: String
        package let shape: PanelShape

        package init(name: String, shape: PanelShape) {
            self.name = name
            self.shape = shape
        }
    }

    /// Whose weights they are.
    package struct Identity: Sendable, Hashable {
        /// 32 bytes.
        let bytes: [UInt8]

        /// A file of the model's own.
        package init(_ file: FileIdentity) { bytes = file.bytes }

        /// A content by its SHA-256.
        ///
        /// - Precondition: 32 bytes.
        package init(sha256: [UInt8]) {
            precondition(sha256.count == 32, "\(sha256.count) bytes")
            bytes = sha256
        }
    }

    /// What comes before the first matrix.
    package let head: [UInt8]
    /// The matrices, and their places in bytes from the start of the file.
    package let matrices: [(matrix: Matrix, offset: Int)]
    /// Bytes of the file.
    package let byteCount: Int

    private static let alignment = 4096
    private static let formatVersion: UInt32 = 1
    private static let entryBytes = 40

    /// Lays out a file of matrices that have a packed form.
    package init(identity: Identity, matrices: [Matrix]) {
        precondition(matrices.allSatisfy(\.shape.packs), "matrices without a packed form")
        var end = 64 + matrices.reduce(0) { $0 + Self.entryBytes + $1.name.utf8.count }
        var placed: [(matrix: Matrix, offset: Int)] = []
        var table: [UInt8] = []
        for matrix in matrices {
            let offset = (end + Self.alignment - 1) / Self.alignment * Self.alignment
            placed.append((matrix, offset))
            end = offset + matrix.shape.packedBytes
            table.append(matrix.shape.type.rawValue)
            table.append(UInt32(matrix.name.utf8.count))
            for number in [matrix.shape.rows, matrix.shape.columns, offset, matrix.shape.packedBytes] {
                table.append(UInt64(number))
            }
            table += Array(matrix.name.utf8)
        }
        var head = Self.prefix(identity)
        head.append(UInt64(end))
        head.append(UInt64(matrices.count))
        self.head = head + table
        self.matrices = placed
        byteCount = end
    }

    /// What every file of these weights begins with, while neither they nor the panels change.
    package static func prefix(_ identity: Identity) -> [UInt8] {
        var bytes = Array("shoalpck".utf8)
        bytes.append(formatVersion)
        bytes.append(UInt32(SHOAL_PANEL_VERSION))
        return bytes + identity.bytes
    }
}

extension [UInt8] {
    /// Appends a number's bytes, the lowest first.
    fileprivate mutating func append(_ number: some FixedWidthInteger) {
        for shift in stride(from: 0, to: number.bitWidth, by: 8) { append(UInt8(truncatingIfNeeded: number >> shift)) }
    }
}
