import Glibc

/// What a child tells its parent, in a file that both map: it outlives a crash.
struct Record {
    private enum Field: Int, CaseIterable {
        case index, accepted, refused, highestBytes, failure, messages
    }

    private let words: UnsafeMutablePointer<Int64>

    /// Maps the file at `path`, made when it is not there.
    init(path: String) throws {
        let size = Field.allCases.count * MemoryLayout<Int64>.size
        let file = open(path, O_RDWR | O_CREAT, 0o600)
        guard file >= 0, ftruncate(file, size) == 0,
            let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), memory != MAP_FAILED
        else { throw FuzzError("cannot map \(path): \(String(cString: strerror(errno)))") }
        close(file)
        words = memory.bindMemory(to: Int64.self, capacity: Field.allCases.count)
    }

    private subscript(field: Field) -> Int {
        get { Int(words[field.rawValue]) }
        nonmutating set { words[field.rawValue] = Int64(newValue) }
    }

    /// The input that is being run.
    var index: Int {
        get { self[.index] }
        nonmutating set { self[.index] = newValue }
    }
    var accepted: Int {
        get { self[.accepted] }
        nonmutating set { self[.accepted] = newValue }
    }
    var refused: Int {
        get { self[.refused] }
        nonmutating set { self[.refused] = newValue }
    }
    /// Messages that inputs consisted of.
    var messages: Int {
        get { self[.messages] }
        nonmutating set { self[.messages] = newValue }
    }
    /// The most bytes that an input took beyond twice its size.
    var highestBytes: Int {
        get { self[.highestBytes] }
        nonmutating set { self[.highestBytes] = newValue }
    }
    /// The bytes that the present input took, where that was too many; else 0.
    var tooManyBytes: Int {
        get { self[.failure] }
        nonmutating set { self[.failure] = newValue }
    }
}

/// Why the fuzzer itself cannot go on.
struct FuzzError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
