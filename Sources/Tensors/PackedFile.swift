package import Formats

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Packed weights in a file. Safe from any thread.
package enum PackedFile {
    /// Maps the file at `path` and reads it in, when it is the one of this layout.
    ///
    /// Nothing in the file is believed: what must stand before the first matrix is known, and compared. The panels themselves are not
    /// checked, as tensors of a model's file are not; every content of them can be computed with.
    ///
    /// - Parameter staysOnDisk: whether a matrix of that number is not read in: what of it is used is read then.
    /// - Returns: the panels of each matrix, in the layout's order.
    /// - Throws: `FileError`: `notFound` when there is none, `unexpectedContent` when it is of other weights, of another version or damaged.
    package static func open(
        path: String, layout: PackedLayout, staysOnDisk: (Int) -> Bool = { _ in false }
    ) throws(FileError) -> [MappedBytes] {
        let file = try MappedFile(path: path)
        advise(file.bytes, layout, staysOnDisk)
        let isExpected =
            file.count == layout.byteCount
            && file.bytes.withUnsafeBytes { found in
                layout.head.withUnsafeBytes { memcmp(found.baseAddress!, $0.baseAddress!, $0.count) == 0 }
            }
        guard isExpected else {
            throw FileError(
                code: .unexpectedContent, path: path,
                message: "is not the packed form of these weights: it is damaged or outdated and can be removed")
        }
        return readIn(file.bytes, layout, staysOnDisk)
    }

    private static func readIn(
        _ file: MappedBytes, _ layout: PackedLayout, _ staysOnDisk: (Int) -> Bool
    ) -> [MappedBytes] {
        let panels = slices(file, layout)
        if layout.matrices.indices.contains(where: staysOnDisk) {
            for (index, panels) in panels.enumerated() where !staysOnDisk(index) {
                // In long pieces, which touching alone would not do.
                panels.readAhead()
                panels.populate()
            }
        } else {
            // All at once: read in part by part, less of it would come in large pages.
            file.populate()
        }
        return panels
    }

    /// Before anything of the file is touched.
    private static func advise(_ file: MappedBytes, _ layout: PackedLayout, _ staysOnDisk: (Int) -> Bool) {
        if layout.matrices.indices.contains(where: staysOnDisk) { file.adviseRandom() } else { file.adviseLargePages() }
    }

    /// Packs matrices into a new file at `path`, in place of one that may be there.
    ///
    /// - Parameters:
    ///   - blocks: what the matrices have in the model's file, in the layout's order; the pages are dropped when they were read.
    ///   - staysOnDisk: as of `open`.
    ///   - progress: called after each matrix with its number.
    /// - Returns: the panels of each matrix, mapped from the file.
    /// - Throws: `FileError` when the file cannot be written, or the blocks are damaged; then there is none.
    package static func write(
        path: String, layout: PackedLayout, blocks: [MappedBytes], pool: ThreadPool,
        staysOnDisk: (Int) -> Bool = { _ in false }, progress: (Int) -> Void
    ) throws(FileError) -> [MappedBytes] {
        let draft = try DraftFile(path: path, byteCount: layout.byteCount)
        try draft.append(layout.head.count) { $0.copyBytes(from: layout.head) }
        for (index, (matrix, offset)) in layout.matrices.enumerated() {
            let shape = matrix.shape, blocks = blocks[index]
            try draft.append(offset - draft.count)
            // As many panels at a time as keep the pool busy.
            let step = max(1, (4 << 20) / shape.panelBytes)
            for first in stride(from: 0, to: shape.panels, by: step) {
                let range = first..<min(first + step, shape.panels)
                try draft.append(range.count * shape.panelBytes) {
                    shape.pack(blocks, range, into: $0.baseAddress!, pool: pool)
                }
            }
            try blocks.check()
            blocks.discardResidentPages()
            progress(index)
        }
        let file = try draft.publish()
        advise(file, layout, staysOnDisk)
        return readIn(file, layout, staysOnDisk)
    }

    private static func slices(_ file: MappedBytes, _ layout: PackedLayout) -> [MappedBytes] {
        layout.matrices.map { file.slice(offset: $0.offset, count: $0.matrix.shape.packedBytes)! }
    }
}
