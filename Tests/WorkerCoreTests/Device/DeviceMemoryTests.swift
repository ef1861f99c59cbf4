import Testing
import WorkerCore

struct DeviceMemoryTests {
    private static let mebi = 1 << 20

    /// What the system tells of this process and its machine.
    private struct System {
        var available = 8 << 30
        var own = 0
        /// By folder: the limit's file and what it says, and `memory.stat`.
        var files: [String: String] = [:]
        var groups = "0::/"

        func read(_ path: String) -> String? {
            switch path {
            case "/proc/meminfo": "MemTotal: 99999999 kB\nMemFree: 1 kB\nMemAvailable:  \(available / 1024) kB\n"
            case "/proc/self/status":
                "Name:\tshoal\nRssAnon:\t  \(own / 1024) kB\nRssFile:\t 77777 kB\nRssShmem:\t 0 kB\n"
            case "/proc/self/cgroup": groups
            default: files[path]
            }
        }

        var budget: Int { DeviceMemory.budget(read) }
    }

    /// As a budget is told: less an eighth, 256 MiB at most.
    private func reserved(_ bytes: Int) -> Int { bytes - min(bytes / 8, 256 << 20) }

    @Test func `this process takes memory, and the machine has some to give`() {
        #expect(DeviceMemory.resident() > 1 << 20)
        #expect(DeviceMemory.budget() > 0)
    }

    @Test func `memory that is touched shows in the resident size`() {
        // Another test of the process may give memory back in just this moment.
        let shows = (0..<20).contains { _ in
            let before = DeviceMemory.resident()
            let block = [UInt8](repeating: 1, count: 256 << 20)
            let after = DeviceMemory.resident()
            return block.last == 1 && after - before > 128 << 20
        }
        #expect(shows)
    }

    @Test func `what the process holds is its own: the budget stays when its caches grow`() {
        var system = System()
        let empty = system.budget
        #expect(empty == reserved(8 << 30))
        system.own = 3 << 30
        system.available -= 3 << 30
        #expect(system.budget == empty)
    }

    @Test(arguments: [false, true]) func `a control group's limit is what it is, whatever the process holds of it`(
        isFirst: Bool
    ) {
        var system = System()
        system.groups = isFirst ? "3:cpu:/\n4:memory:/box\n0::/\n" : "0::/box\n"
        let folder = isFirst ? "/sys/fs/cgroup/memory/box" : "/sys/fs/cgroup/box"
        let limit = folder + (isFirst ? "/memory.limit_in_bytes" : "/memory.max")
        func stat(_ bytes: Int) -> String {
            isFirst
                ? "cache 9999999999\nrss 1\ntotal_cache 9999999999\ntotal_rss \(bytes)\ntotal_shmem 0\n"
                : "anon \(bytes)\nfile 9999999999\nshmem 0\nkernel_stack 0\n"
        }
        system.files = [limit: "\(512 << 20)\n", folder + "/memory.stat": stat(0)]
        #expect(system.budget == reserved(512 << 20))
        for own in [100 << 20, 400 << 20] {
            system.own = own
            system.files[folder + "/memory.stat"] = stat(own)
            #expect(system.budget == reserved(512 << 20))
        }
        system.files[folder + "/memory.stat"] = stat(system.own + (100 << 20))
        #expect(system.budget == reserved(412 << 20))
        system.files[folder + "/memory.stat"] = stat(system.own + (900 << 20))
        #expect(system.budget == 0)
        // Without a word of what is used.
        system.files[folder + "/memory.stat"] = nil
        #expect(system.budget == reserved(512 << 20))
        system.files[limit] = isFirst ? "9223372036854771712\n" : "max\n"
        #expect(system.budget == reserved((8 << 30) + system.own))
    }

    @Test func `the smallest of all groups above counts`() {
        var system = System()
        system.groups = "0::/a/b/c"
        system.files = [
            "/sys/fs/cgroup/a/b/c/memory.max": "max", "/sys/fs/cgroup/a/b/memory.max": "\(1 << 30)",
            "/sys/fs/cgroup/a/b/memory.stat": "anon \(600 << 20)\nslab_unreclaimable \(24 << 20)\n",
            "/sys/fs/cgroup/a/memory.max": "\(700 << 20)", "/sys/fs/cgroup/a/memory.stat": "anon \(600 << 20)",
        ]
        system.own = 500 << 20
        #expect(system.budget == reserved(600 << 20))
    }

    @Test func `texts that make no sense are none`() {
        for text in ["", "MemAvailable:", "MemAvailable: x kB", "MemAvailable: 99999999999999999999 kB"] {
            #expect(DeviceMemory.budget { $0 == "/proc/meminfo" ? text : nil } > 0)
        }
        var system = System()
        system.groups = "nonsense\n0:\n::::\n7:memory\n0::/../x"
        #expect(system.budget == reserved(8 << 30))
    }
}
