#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What this machine lets a process use, and what this process does use.
package enum DeviceMemory {
    /// Bytes that Shoal's stages may take on this device, those that they have taken included: what the machine has left and what control
    /// groups allow, less what others use and a reserve. It stays the same whatever this process's own caches hold.
    ///
    /// - Parameter read: the text of a file of the system, nil where there is none.
    package static func budget(_ read: (String) -> String? = DeviceMemory.readText) -> Int {
        let own = ownBytes(read)
        // Files that are mapped, as packed weights are, count as available already.
        let machine = available(read).map { saturatingSum($0, own) }
        let usable = ([machine].compactMap { $0 } + controlGroups(read).map { $0.room(own: own) }).min() ?? 1 << 30
        // An eighth, 256 MiB at most, for the process's own needs and the system's.
        return usable - min(usable / 8, 256 << 20)
    }

    /// Bytes that no process here can have more of: the machine's memory, and what control groups allow.
    ///
    /// - Parameter read: the text of a file of the system, nil where there is none.
    package static func present(_ read: (String) -> String? = DeviceMemory.readText) -> Int {
        let pages = sysconf(Int32(_SC_PHYS_PAGES))
        let machine =
            read("/proc/meminfo").flatMap { kibibytes("MemTotal:", in: $0) }
            ?? (pages > 0 ? pages * sysconf(Int32(_SC_PAGESIZE)) : .max)
        return ([machine] + controlGroups(read).map(\.limit)).min() ?? machine
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

    /// Bytes of this process that the system cannot take back by itself: its own memory, without mapped files.
    private static func ownBytes(_ read: (String) -> String?) -> Int {
        guard let status = read("/proc/self/status") else { return 0 }
        return saturatingSum(kibibytes("RssAnon:", in: status) ?? 0, kibibytes("RssShmem:", in: status) ?? 0)
    }

    private static func available(_ read: (String) -> String?) -> Int? {
        if let text = read("/proc/meminfo"), let bytes = kibibytes("MemAvailable:", in: text) { return bytes }
        let pages = sysconf(Int32(_SC_PHYS_PAGES))
        return pages > 0 ? pages * sysconf(Int32(_SC_PAGESIZE)) : nil
    }

    /// The bytes of a line such as `MemAvailable:   1024 kB`.
    private static func kibibytes(_ name: String, in text: String) -> Int? {
        for line in text.split(separator: "\n") where line.hasPrefix(name) {
            let words = line.split(separator: " ")
            if words.count > 1, let count = Int(words[1]), count >= 0 { return saturatingProduct(count, 1024) }
        }
        return nil
    }

    /// A control group with a limit.
    private struct ControlGroup {
        var limit: Int
        /// Bytes in it, this process's among them, that can only be taken back by ending who has them.
        var used: Int

        /// Bytes that this process may have in it.
        func room(own: Int) -> Int { max(0, limit - max(0, used - own)) }
    }

    /// Those on the way from this process's group to the root that have a limit (versions 1 and 2).
    private static func controlGroups(_ read: (String) -> String?) -> [ControlGroup] {
        guard let lines = read("/proc/self/cgroup") else { return [] }
        var groups: [ControlGroup] = []
        for line in lines.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let (root, file, counted): (String, String, [String])
            if fields[1].isEmpty {
                // Files count as `file` there, those of tmpfs as `shmem` too.
                (root, file, counted) = (
                    "/sys/fs/cgroup", "memory.max",
                    ["anon", "shmem", "kernel_stack", "pagetables", "slab_unreclaimable", "percpu", "sock"]
                )
            } else if fields[1].split(separator: ",").contains("memory") {
                (root, file, counted) = (
                    "/sys/fs/cgroup/memory", "memory.limit_in_bytes", ["total_rss", "total_shmem"]
                )
            } else {
                continue
            }
            var path = String(fields[2])
            while true {
                let folder = root + (path.hasSuffix("/") ? String(path.dropLast()) : path)
                if let text = read(folder + "/" + file), let limit = Int(text.prefix { $0.isNumber }) {
                    let used = read(folder + "/memory.stat").map { sum(of: counted, in: $0) } ?? 0
                    groups.append(ControlGroup(limit: limit, used: used))
                }
                guard let slash = path.lastIndex(of: "/"), path != "/" else { break }
                path = slash == path.startIndex ? "/" : String(path[..<slash])
            }
        }
        return groups
    }

    /// The values of some lines `name value`, summed.
    private static func sum(of names: [String], in text: String) -> Int {
        text.split(separator: "\n").reduce(0) { total, line in
            let words = line.split(separator: " ")
            guard words.count == 2, names.contains(String(words[0])), let value = Int(words[1]), value > 0 else {
                return total
            }
            return saturatingSum(total, value)
        }
    }

    /// The text of a small file of the system; `nil` when it cannot be read.
    package static func readText(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 16 << 10)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
