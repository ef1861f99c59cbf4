import Foundation
import Identity

/// A service that the Debian package brings (Deploy/debian).
enum PackagedService: String {
    case worker, coordinator

    /// What it keeps; made by the package, and its user's.
    var folder: String { "/var/lib/shoal/\(rawValue)" }
    var configuration: String { "/etc/shoal/\(rawValue).yaml" }
    var unit: String { "shoal-\(rawValue).service" }

    /// Whether the package is installed.
    var isInstalled: Bool { access(folder, F_OK) == 0 }

    /// Whether this process acts for the service: it is root's, or the service's user's.
    var isOwn: Bool {
        guard let owner = Account.owner(of: folder) else { return false }
        return geteuid() == 0 || geteuid() == owner.user
    }

    /// What a command that has to do with a service's folder may add to a refusal, where it was not run as root.
    var hint: String { isInstalled && !isOwn ? " (what the service \(unit) has is for root: use sudo)" : "" }

    /// What to type to have it run.
    var startCommand: String {
        if ServiceManager.isRunning { return "sudo systemctl enable --now \(unit)" }
        let command = "shoal \(self == .worker ? "worker" : "serve") --config \(configuration)"
        return geteuid() == 0 ? "runuser -u shoal -- \(command)" : command
    }

    /// Has it run now and from every start of the machine on, as far as this process may have that.
    ///
    /// - Returns: whether that was done.
    /// - Throws: `CommandError` where systemd does not do it.
    func enableAndStart() throws -> Bool {
        guard geteuid() == 0, ServiceManager.isRunning, ServiceManager.knows(unit) else { return false }
        try ServiceManager.control(["enable", "--quiet", unit])
        // Also one that runs already: as a member of another cluster.
        try ServiceManager.control(["restart", unit])
        return true
    }

    /// Ends a worker that has waited to be joined since the package was installed: a coordinator's machine is no such device.
    ///
    /// - Throws: `CommandError` where systemd does not do it.
    static func endWaitingWorker() throws {
        let member = "\(MemberFolder(dataFolder: worker.folder).path)/member.pem"
        guard geteuid() == 0, ServiceManager.isRunning, access(member, F_OK) != 0, ServiceManager.knows(worker.unit)
        else { return }
        try ServiceManager.control(["disable", "--quiet", "--now", worker.unit])
    }
}
