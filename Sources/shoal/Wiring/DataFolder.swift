import Foundation

/// Where things are kept unless `--data-dir` says otherwise.
enum DataFolder {
    /// For root and the user of the package's services, the service's folder. Else `$XDG_DATA_HOME/shoal/NAME`, or
    /// `~/.local/share/shoal/NAME` (XDG Base Directory Specification).
    static func standard(_ service: PackagedService) -> String {
        service.isOwn ? service.folder : folder("XDG_DATA_HOME", or: ".local/share", service.rawValue)
    }
}

/// Where things are kept that can be made again.
enum CacheFolder {
    /// `$XDG_CACHE_HOME/shoal/NAME`, or `~/.cache/shoal/NAME` (XDG Base Directory Specification).
    static func standard(_ name: String) -> String {
        folder("XDG_CACHE_HOME", or: ".cache", name)
    }
}

private func folder(_ variable: String, or standard: String, _ name: String) -> String {
    let value = ProcessInfo.processInfo.environment[variable] ?? ""
    return "\(value.isEmpty ? "\(NSHomeDirectory())/\(standard)" : value)/shoal/\(name)"
}
