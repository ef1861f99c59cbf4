/// The disk that layers are kept on.
extension Check {
    /// Half of what a good memory card reads (90 MB/s).
    private static let slow = 45_000_000

    static let disk = Check("slow-disk") { facts in
        guard let disk = facts.disk, let speed = disk.bytesPerSecond, speed > 0, speed < slow else { return nil }
        let what = disk.kind == .card ? "the memory card \(disk.name)" : "the disk \(disk.name)"
        return (
            .hint, "\(what) is read at \(speed / 1_000_000) MB/s: a model takes long to start",
            "use a faster card (marked A2 or V30) or a disk at USB 3, and put layers there: shoal worker --data-dir FOLDER"
        )
    }

    static let diskWear = Check("worn-disk") { facts in
        guard let disk = facts.disk else { return nil }
        if disk.isReadOnly {
            return (
                .problem,
                "the file system for layers on \(disk.name) can only be read: it was full of errors, or is protected",
                "look at what the kernel says: sudo dmesg | grep -i \(disk.name); then replace the card or the disk"
            )
        }
        if let errors = disk.errors, errors > 0 {
            return (
                .problem, "the file system on \(disk.name) counted \(errors) errors",
                "save what you need, check it (sudo touch /forcefsck; sudo reboot), and replace the card or the disk"
            )
        }
        if disk.isNearEnd || (disk.usedLifeTenths ?? 0) >= 10 {
            return (
                .problem, "\(disk.name) is worn: it says that its life is nearly used up",
                "replace it before it fails; see: cat /sys/block/\(disk.name)/device/life_time"
            )
        }
        guard let used = disk.usedLifeTenths, used >= 8 else { return nil }
        return (
            .hint, "\(disk.name) says that \(used * 10)% of its life are used",
            "have another ready; see: cat /sys/block/\(disk.name)/device/life_time"
        )
    }
}
