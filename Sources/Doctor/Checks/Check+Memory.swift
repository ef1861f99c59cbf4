/// Memory, and what is made of it.
extension Check {
    private static let mebibyte = 1 << 20

    static let memory = Check("memory") { facts in
        guard let memory = facts.memory else { return nil }
        let available = memory.available / mebibyte
        let total = memory.total / mebibyte
        guard available < 384 else { return nil }
        return (
            available < 192 ? .problem : .hint,
            "\(available) MiB of \(total) MiB of memory are free, so that few layers have room",
            "end what else runs; see what takes most: ps -eo rss,comm --sort=-rss | head"
        )
    }

    static let swap = Check("swap") { facts in
        guard let swap = facts.swaps.first(where: \.isOnCard) else { return nil }
        return (
            .problem,
            "memory is swapped to a memory card (\(swap.path), \(swap.usedBytes / mebibyte) of \(swap.bytes / mebibyte) MiB used), which is slow and wears it out",
            mend(swap, madeBy: facts.swapMaker)
        )
    }

    private static func mend(_ swap: DeviceFacts.Swap, madeBy maker: DeviceFacts.SwapMaker?) -> String {
        let isFile = !swap.path.hasPrefix("/dev/")
        switch maker {
        case .rpiSwap where isFile:
            return
                "sudo mkdir -p /etc/rpi/swap.conf.d; printf '[Main]\\nMechanism=none\\n' | sudo tee /etc/rpi/swap.conf.d/none.conf; and restart: sudo reboot"
        case .dphysSwapfile where isFile:
            return "sudo systemctl disable --now dphys-swapfile; sudo swapoff \(swap.path)"
        default: return "sudo swapoff \(swap.path), and take its line out of /etc/fstab"
        }
    }

    static let memoryGroup = Check("memory-cgroup") { facts in
        guard facts.memoryGroup == .off else { return nil }
        return (
            .hint, "control groups cannot limit memory here: limits of services and containers do not hold",
            "add cgroup_enable=memory to the line in /boot/firmware/cmdline.txt, and restart: sudo reboot"
        )
    }

    static let files = Check("open-files") { facts in
        guard let most = facts.openFiles, most < 4096 else { return nil }
        return (
            .problem, "a process may have \(most) files open, and a worker with many layers and links needs more",
            "raise it for the service (LimitNOFILE=65536), or for a shell: ulimit -n 65536"
        )
    }
}
