#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What this machine lets a process use, and what this process does use.
package enum DeviceMemory {
    /// Bytes that stages may take: what is available now and what control groups allow, less a reserve for the rest.
    package static func budget() -> Int {
        let limits = [available(), controlGroupLimit()].compactMap { $0 }
        let usable = limits.min() ?? 1 << 30
        // An eighth, 256 MiB at most, for the process's own needs and the system's.
        return usable - min(usable / 8, 256 << 20)
    }

    /// Bytes of this process in memory now: its resident set.
    package static func resident() -> Int {
        guard let fields = readText("/proc/self/statm")?.split(separator: " "), fields.count > 1,
            let pages = Int(fields[1])
        else { return 0 }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }

    /// Gives the system back what was freed: what shards came in leaves as much in the heap as a small model's layers take.
    ///
    /// Safe from any thread. Does nothing where the C library is not glibc.
    static func returnFreed() {
        #if canImport(Glibc)
        // malloc_trim(3), which Swift's module of the C library leaves out.
        typealias Trim = @convention(c) (_ kept: Int) -> CInt
        if let symbol = dlsym(nil, "malloc_trim") { _ = unsafeBitCast(symbol, to: Trim.self)(0) }
        #endif
    }

    private static func available() -> Int? {
        if let text = readText("/proc/meminfo") {
            for line in text.split(separator: "\n") where line.hasPrefix("MemAvailable:") {
                let words = line.split(separator: " ")
                if words.count > 1, let kibibytes = Int(words[1]) { return kibibytes * 1024 }
            }
        }
        let pages = sysconf(Int32(_SC_PHYS_PAGES))
        return pages > 0 ? pages * sysconf(Int32(_SC_PAGESIZE)) : nil
    }

    /// The smallest memory limit on the way from this process's control group to the root (versions 1 and 2).
    private static func controlGroupLimit() -> Int? {
        guard let groups = readText("/proc/self/cgroup") else { return nil }
        var limits: [Int] = []
        for line in groups.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let (root, file): (String, String)
            if fields[1].isEmpty {
                (root, file) = ("/sys/fs/cgroup", "memory.max")
            } else if fields[1].split(separator: ",").contains("memory") {
                (root, file) = ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            } else {
                continue
            }
            var path = String(fields[2])
            while true {
                let separator = path.hasSuffix("/") ? "" : "/"
                if let text = readText(root + path + separator + file), let limit = Int(text.prefix { $0.isNumber }) {
                    limits.append(limit)
                }
                guard let slash = path.lastIndex(of: "/"), path != "/" else { break }
                path = slash == path.startIndex ? "/" : String(path[..<slash])
            }
        }
        return limits.min()
    }

    /// The text of a small file of the system; `nil` when it cannot be read.
    static func readText(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 16 << 10)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
