package import Transport

extension Worker {
    /// What links of a worker take.
    ///
    /// - Parameter memoryBytes: bytes for stages; an eighth of it, 64 to 256 MiB, may be unfinished frames of all links.
    package static func linkOptions(memoryBytes: Int) -> LinkOptions {
        var options = LinkOptions()
        options.restrictsKinds = true
        options.incoming = IncomingMemory(limit: min(max(memoryBytes / 8, 64 << 20), 256 << 20))
        return options
    }
}
