/// What a file says of the split model that it is a part of (keys `split.*`; llama.cpp's gguf-split).
struct SplitHeader {
    /// Which file it is, from 0.
    let index: Int
    /// How many files there are, at least 2.
    let count: Int
    /// How many tensors there are in all files together, nil where it does not say.
    let tensorCount: Int?

    /// The number of files is of 16 bits where it is written.
    private static let limit = 65_535

    /// Reads the keys; nil where the file is no part of several. Merged files keep the keys, with a count of 0.
    ///
    /// - Throws: `GGUFError` where they make no sense.
    init?(_ file: GGUFFile) throws(GGUFError) {
        guard let count = try file.metadata.integer(ifPresent: "split.count"), count != 0, count != 1 else {
            return nil
        }
        let index = try file.metadata.integer("split.no")
        let tensorCount = try file.metadata.integer(ifPresent: "split.tensors.count")
        guard (2...Self.limit).contains(count), (0..<count).contains(index), tensorCount ?? 0 >= 0 else {
            throw GGUFError(
                code: .invalidValue, path: file.path,
                message:
                    "split.no is \(index), split.count \(count) and split.tensors.count \(tensorCount ?? 0), which cannot be",
                mend: GGUFError.downloadAgain)
        }
        (self.index, self.count, self.tensorCount) = (index, count, tensorCount)
    }
}
