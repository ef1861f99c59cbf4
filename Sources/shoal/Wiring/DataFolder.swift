import Foundation

/// Where things are kept unless `--data-dir` says otherwise.
enum DataFolder {
    /// For root and the user of the package's services, the service's folder. Else `$XDG_DATA_HOME/shoal/NAME`, or
    /// `~/.local/share/shoal/NAME` (XDG Base Directory Specification).
    static func standard(_ service: PackagedService) -> String {
        service.isOwn ? service.folder : folder("XDG_DATA_HOME", or: ".local/share", service.rawValue)
    }

    /// The same for people, whoever they are.
    static func words(_ service: PackagedService) -> String {
        "$XDG_DATA_HOME/shoal/\(service.rawValue) or ~/.local/share/shoal/\(service.rawValue); for root where the package is installed \(service.folder)"
    }
}

/// Where things are kept that can be made again.
enum CacheFolder {
    /// `$XDG_CACHE_HOME/shoal/NAME`, or `~/.cache/shoal/NAME` (XDG Base Directory Specification).
    static func standard(_ name: String) -> String {
        folder("XDG_CACHE_HOME", or: ".cache", name)
    }
}

/// A variable that is empty or names no whole path counts as unset: so says the specification of the XDG ones, and a home that depends on the
/// working folder is none.
private func folder(_ variable: String, or standard: String, _ name: String) -> String {
    "\(wholePath(variable) ?? "\(home)/\(standard)")/shoal/\(name)"
}

/// `$HOME`, else what the system's list of users says.
private var home: String { wholePath("HOME") ?? userHome ?? NSHomeDirectory() }

private var userHome: String? {
    guard let entry = getpwuid(geteuid()), let path = entry.pointee.pw_dir else { return nil }
    let home = String(cString: path)
    return home.hasPrefix("/") ? home : nil
}

private func wholePath(_ variable: String) -> String? {
    guard var path = ProcessInfo.processInfo.environment[variable], path.hasPrefix("/") else { return nil }
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    return path
}
