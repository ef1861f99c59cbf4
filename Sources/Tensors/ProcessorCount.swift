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
        let processors = affinity()
        var cores: Set<[Int]> = []
        for processor in processors {
            let topology = "/sys/devices/system/cpu/cpu\(processor)/topology/"
            // Where the system does not tell, every processor counts as a core.
            let package = readText(topology + "physical_package_id").flatMap(Int.init) ?? 0
            let core = readText(topology + "core_id").flatMap(Int.init) ?? processor
            cores.insert([package, core])
        }
        return max(1, min(max(cores.count, 1), quota() ?? .max))
        #else
        return max(1, Int(sysconf(CInt(_SC_NPROCESSORS_ONLN))))
        #endif
    }

    #if os(Linux)
    private static func affinity() -> [Int] {
        var processors = [Int32](repeating: 0, count: 4096)
        let count = shoal_affinity(&processors, processors.count)
        return processors.prefix(count).map(Int.init)
    }

    /// The cgroup's quota in whole cores, rounded up; the smallest on the way to the root. Version 2, then version 1.
    private static func quota() -> Int? {
        var smallest: Int?
        func take(_ quota: Int?, _ period: Int?) {
            guard let quota, let period, quota > 0, period > 0 else { return }
            smallest = min(smallest ?? .max, (quota - 1) / period + 1)
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
