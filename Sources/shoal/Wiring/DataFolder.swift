import Foundation

/// Where things are kept unless `--data-dir` says otherwise.
enum DataFolder {
    /// `$XDG_DATA_HOME/shoal/NAME`, or `~/.local/share/shoal/NAME` (XDG Base Directory Specification).
    static func standard(_ name: String) -> String {
        let environment = ProcessInfo.processInfo.environment
        let base = environment["XDG_DATA_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory() + "/.local/share"
        return "\(base)/shoal/\(name)"
    }
}
