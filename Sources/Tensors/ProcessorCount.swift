import CKernels

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// How many cores this process may use.
package enum ProcessorCount {
    /// Physical cores among the processors of this process's affinity mask, and no more than its cgroup's quota allows; at least 1.
    package static var usable: Int {
        #if os(Linux)
        return max(1, min(cores.count, quota.map { ($0.thousandths + 999) / 1000 } ?? .max))
        #else
        return max(1, Int(sysconf(CInt(_SC_NPROCESSORS_ONLN))))
        #endif
    }

    /// The machine's processors that are switched on, whoever may use them.
    package static var present: Int { max(1, Int(sysconf(CInt(_SC_NPROCESSORS_ONLN)))) }

    /// The processor time that a cgroup allows this process; nil where there is no quota.
    package static var quota: ProcessorQuota? {
        #if os(Linux)
        return leastQuota()
        #else
        return nil
        #endif
    }

    /// One processor of every physical core in this process's affinity mask, ordered by memory node; empty where the system does not tell.
    package static var cores: [Int] {
        #if os(Linux)
        var seen: Set<[Int]> = []
        var cores: [(node: Int, processor: Int)] = []
        let nodes = nodeOfProcessor()
        for processor in affinity() {
            let topology = "/sys/devices/system/cpu/cpu\(processor)/topology/"
            // Where the system does not tell, every processor counts as a core.
            let package = readText(topology + "physical_package_id").flatMap(Int.init) ?? 0
            let core = readText(topology + "core_id").flatMap(Int.init) ?? processor
            if seen.insert([package, core]).inserted { cores.append((nodes[processor] ?? 0, processor)) }
        }
        return cores.sorted { ($0.node, $0.processor) < ($1.node, $1.processor) }.map(\.processor)
        #else
        return []
        #endif
    }

    /// The processor for thread `thread` of `threads`: fewer threads than cores spread evenly over `cores` and so over the memory nodes;
    /// neighbours share a node.
    package static func core(_ thread: Int, of threads: Int, among cores: [Int]) -> Int {
        threads <= cores.count ? cores[thread * cores.count / threads] : cores[thread % cores.count]
    }

    /// Keeps the calling thread on one processor; nothing happens where the system does not allow it.
    package static func pin(to processor: Int) { shoal_pin(Int32(processor)) }

    /// The processors of a list of the kernel's, such as "0-3,8".
    package static func processors(in list: String) -> [Int] {
        list.split(separator: ",").flatMap { part -> [Int] in
            let bounds = part.split(separator: "-").compactMap { Int($0) }
            guard let first = bounds.first, let last = bounds.last, first <= last, last < 1 << 16 else { return [] }
            return Array(first...last)
        }
    }

    #if os(Linux)
    private static func affinity() -> [Int] {
        var processors = [Int32](repeating: 0, count: 4096)
        let count = shoal_affinity(&processors, processors.count)
        return processors.prefix(count).map(Int.init)
    }

    private static func nodeOfProcessor() -> [Int: Int] {
        var nodes: [Int: Int] = [:]
        for node in processors(in: readText("/sys/devices/system/node/has_cpu") ?? "") {
            for processor in processors(in: readText("/sys/devices/system/node/node\(node)/cpulist") ?? "") {
                nodes[processor] = node
            }
        }
        return nodes
    }

    /// The smallest quota on the way from the process's cgroup to the root. Version 2, then version 1.
    private static func leastQuota() -> ProcessorQuota? {
        var smallest: ProcessorQuota?
        func take(_ microseconds: Int?, _ period: Int?) {
            guard let quota = ProcessorQuota(microseconds: microseconds ?? 0, ofEvery: period ?? 0) else { return }
            if quota.thousandths < smallest?.thousandths ?? .max { smallest = quota }
        }
        for line in (readText("/proc/self/cgroup") ?? "").split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let isUnified = fields[0] == "0" && fields[1].isEmpty
            guard isUnified || fields[1].split(separator: ",").contains("cpu") else { continue }
            var path = String(fields[2])
            while true {
                let folder = (isUnified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu") + (path == "/" ? "" : path)
                if isUnified {
                    let values = (readText(folder + "/cpu.max") ?? "").split(separator: " ")
                    if values.count == 2 { take(Int(values[0]), Int(values[1])) }
                } else {
                    take(
                        readText(folder + "/cpu.cfs_quota_us").flatMap(Int.init),
                        readText(folder + "/cpu.cfs_period_us").flatMap(Int.init))
                }
                guard path != "/", let slash = path.lastIndex(of: "/") else { break }
                path = slash == path.startIndex ? "/" : String(path[..<slash])
            }
        }
        return smallest
    }

    /// The text of a small file of the kernel's, without the last newline.
    private static func readText(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = fread(&bytes, 1, bytes.count, file)
        var text = bytes.prefix(count)
        if text.last == UInt8(ascii: "\n") { text.removeLast() }
        return String(decoding: text, as: UTF8.self)
    }
    #endif
}
