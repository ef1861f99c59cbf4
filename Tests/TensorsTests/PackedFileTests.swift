import CKernels
import Formats
import Foundation
import Tensors
import TestSupport
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

@Suite("Packed files")
struct PackedFileTests {
    private let folder: TemporaryFolder
    private let pool = ThreadPool(threads: 2)
    private let identity = PackedLayout.Identity(sha256: Array(1...32))
    private let matrices: [(matrix: PackedLayout.Matrix, blocks: MappedBytes)]

    private var path: String { folder.path + "/part.packed" }
    private var layout: PackedLayout { PackedLayout(identity: identity, matrices: matrices.map(\.matrix)) }

    init() throws {
        folder = try TemporaryFolder()
        var generator = SeededGenerator(seed: 3)
        matrices = try [("blk.0.a", ElementType.q4_0, 33, 64), ("blk.0.b", .q4_K, 16, 256), ("c", .f16, 5, 7)].map {
            name, type, rows, columns in
            let bytes = randomBlocks(type, elements: rows * columns, &generator)
            let shape = try PanelShape(name: name, type: type, rows: rows, columns: columns, rawBytes: bytes.count)
            return (PackedLayout.Matrix(name: name, shape: shape), MappedBytes(copying: bytes))
        }
    }

    private func write() throws -> [MappedBytes] {
        var progress: [Int] = []
        let panels = try PackedFile.write(path: path, layout: layout, blocks: matrices.map(\.blocks), pool: pool) {
            progress.append($0)
        }
        #expect(progress == [0, 1, 2])
        return panels
    }

    private func refusal(_ layout: PackedLayout) -> FileError.Code? {
        do throws(FileError) {
            _ = try PackedFile.open(path: path, layout: layout)
            return nil
        } catch {
            return error.code
        }
    }

    @Test("what was written is what is packed in memory, and what is opened")
    func writtenAndOpened() throws {
        defer { folder.remove() }
        #expect(refusal(layout) == .notFound)
        let written = try write(), opened = try PackedFile.open(path: path, layout: layout)
        #expect(written == opened)
        for (index, (matrix, blocks)) in matrices.enumerated() {
            var packed = [UInt8](repeating: 0xee, count: matrix.shape.packedBytes)
            blocks.withUnsafeBytes { raw in
                shoal_pack(
                    matrix.shape.type.rawValue, raw.baseAddress, matrix.shape.rows, matrix.shape.columns, 0,
                    (matrix.shape.rows + SHOAL_PANEL_ROWS - 1) / SHOAL_PANEL_ROWS, &packed)
            }
            #expect(opened[index].withUnsafeBytes { $0.elementsEqual(packed) })
            #expect(opened[index].offset % 4096 == 0)
        }
        #expect(fileSize() == layout.byteCount)
    }

    @Test("nothing is packed of blocks that are gone from their file")
    func blocksGone() throws {
        defer { folder.remove() }
        let source = folder.path + "/blocks"
        let bytes = matrices.flatMap { $0.blocks.withUnsafeBytes { Array($0) } }
        try Data(bytes).write(to: URL(fileURLWithPath: source))
        let whole = try MappedFile(path: source).bytes
        var start = 0
        let blocks = matrices.map { matrix in
            defer { start += matrix.blocks.count }
            return whole.slice(offset: start, count: matrix.blocks.count)!
        }
        #expect(truncate(source, 0) == 0)
        do throws(FileError) {
            _ = try PackedFile.write(path: path, layout: layout, blocks: blocks, pool: pool) { _ in }
            Issue.record("packed")
        } catch {
            #expect(error.code == .damaged)
        }
        #expect(refusal(layout) == .notFound)
        for (matrix, blocks) in zip(matrices, blocks) where matrix.matrix.shape.packs {
            let shape = matrix.matrix.shape
            #expect(throws: TensorError.self) {
                try WeightMatrix(
                    name: "gone", bytes: blocks, type: shape.type, rows: shape.rows, columns: shape.columns,
                    form: .packed, pool: pool)
            }
        }
    }

    private func fileSize() -> Int { (try? MappedFile(path: path))?.count ?? -1 }

    @Test("the head has the bytes that its description says")
    func head() {
        defer { folder.remove() }
        let head = layout.head
        #expect(Array(head[..<8]) == Array("shoalpck".utf8))
        #expect(Array(head[8..<16]) == [1, 0, 0, 0, UInt8(SHOAL_PANEL_VERSION), 0, 0, 0])
        #expect(Array(head[16..<48]) == Array(1...32))
        #expect(Array(head[56..<64]) == [3, 0, 0, 0, 0, 0, 0, 0])
        // The first matrix: Q4_0 (2), a name of 7 bytes, 33 rows, 64 columns, at 4096, 3 panels of 2 blocks of 288 bytes.
        #expect(Array(head[64..<72]) == [2, 0, 0, 0, 7, 0, 0, 0])
        #expect(Array(head[72..<88]) == [33, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0])
        #expect(Array(head[88..<96]) == [0, 16, 0, 0, 0, 0, 0, 0])
        #expect(Array(head[96..<104]) == [UInt8(3 * 2 * 288 & 255), UInt8(3 * 2 * 288 >> 8), 0, 0, 0, 0, 0, 0])
        #expect(Array(head[104..<111]) == Array("blk.0.a".utf8))
        #expect(PackedLayout.prefix(identity) == Array(head[..<48]))
    }

    @Test("a file cut off anywhere in its head, or at its end, is refused")
    func truncations() throws {
        defer { folder.remove() }
        _ = try write()
        let whole = try Data(contentsOf: URL(filePath: path))
        for length in Array(0...layout.head.count + 1) + [whole.count - 4096, whole.count - 1] {
            try whole.prefix(length).write(to: URL(filePath: path))
            #expect(refusal(layout) == .unexpectedContent, "\(length)")
        }
        try (whole + [0]).write(to: URL(filePath: path))
        #expect(refusal(layout) == .unexpectedContent)
        try whole.write(to: URL(filePath: path))
        #expect(refusal(layout) == nil)
    }

    @Test("every byte of the head counts")
    func mutations() throws {
        defer { folder.remove() }
        _ = try write()
        let handle = try FileHandle(forUpdating: URL(filePath: path))
        defer { try? handle.close() }
        func put(_ byte: UInt8, at offset: Int) throws {
            try handle.seek(toOffset: UInt64(offset))
            try handle.write(contentsOf: Data([byte]))
        }
        var generator = SeededGenerator(seed: 5)
        for (offset, byte) in layout.head.enumerated() {
            try put(byte ^ UInt8.random(in: 1...255, using: &generator), at: offset)
            #expect(refusal(layout) == .unexpectedContent, "byte \(offset), \(generator)")
            try put(byte, at: offset)
        }
        #expect(refusal(layout) == nil)
    }

    @Test("a file of other weights, names or shapes is refused and replaced")
    func others() throws {
        defer { folder.remove() }
        let first = try write()
        var others = matrices.map(\.matrix)
        others[0] = PackedLayout.Matrix(name: "blk.0.x", shape: others[0].shape)
        let other = PackedLayout.Identity(sha256: Array(repeating: 0, count: 32))
        for layout in [
            PackedLayout(identity: other, matrices: matrices.map(\.matrix)),
            PackedLayout(identity: identity, matrices: others),
            PackedLayout(identity: identity, matrices: Array(matrices.map(\.matrix).reversed())),
            PackedLayout(identity: identity, matrices: Array(matrices.map(\.matrix).dropLast())),
        ] {
            #expect(refusal(layout) == .unexpectedContent)
        }
        let replaced = PackedLayout(identity: other, matrices: matrices.map(\.matrix))
        let second = try PackedFile.write(path: path, layout: replaced, blocks: matrices.map(\.blocks), pool: pool) {
            _ in
        }
        #expect(second == first)
        #expect(refusal(replaced) == nil)
        #expect(refusal(layout) == .unexpectedContent)
    }

    @Test("a directory and a pipe in a file's place are refused, not read")
    func notFiles() throws {
        defer { folder.remove() }
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        #expect(refusal(layout) == .isDirectory)
        let error = #expect(throws: FileError.self) { _ = try write() }
        #expect(error?.code == .system)
        try FileManager.default.removeItem(atPath: path)
        #expect(mkfifo(path, 0o600) == 0)
        #expect(refusal(layout) == .notRegular)
        _ = try write()
        #expect(refusal(layout) == nil)
    }

    /// FNV-1a of the panels of seeded blocks. Who has to change a figure here raises SHOAL_PANEL_VERSION, or people's packed files are taken
    /// for what they are not.
    @Test("the panels of this version are these")
    func panelsOfThisVersion() throws {
        defer { folder.remove() }
        #expect(SHOAL_PANEL_VERSION == 1)
        var found: [String] = []
        for type in packedTypes {
            var generator = SeededGenerator(seed: 11)
            let rows = 21, columns = max(type.blockElements, 32)
            let bytes = randomBlocks(type, elements: rows * columns, &generator)
            let shape = try PanelShape(name: "test", type: type, rows: rows, columns: columns, rawBytes: bytes.count)
            #expect(shape.packs)
            var packed = [UInt8](repeating: 0, count: shape.packedBytes)
            shoal_pack(type.rawValue, bytes, rows, columns, 0, 2, &packed)
            let hash = packed.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
            found.append("\(type) \(String(hash, radix: 16))")
        }
        #expect(found == Self.panels)
    }

    private static let panels = [
        "F32 b99df3a3c3123f46", "F16 535d5c0faf1c5b19", "BF16 3de3f4eac4995b17",
        "Q4_0 d87233521e916322", "Q4_1 8994e6531e5a04c5", "Q5_0 62399dfc350ecfc5",
        "Q5_1 b92f940590b4e127", "Q8_0 489e196f7a11051f", "Q2_K ca07008ebb7f7b9a",
        "Q3_K 5418ef87d5da96ff", "Q4_K 5526659cffd75ac2", "Q5_K ce494acbb258f2c6",
        "Q6_K 5841b86dd11556db", "IQ4_NL 78635c40f0c438b0", "IQ4_XS 35bcc6b3e2ebe092",
        "MXFP4 87cac5a21c8534a4",
    ]
}
