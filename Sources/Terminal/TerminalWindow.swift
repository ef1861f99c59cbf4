#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The window of a terminal.
package enum TerminalWindow {
    package struct Size: Sendable, Equatable {
        package var columns: Int
        package var rows: Int

        package init(columns: Int, rows: Int) {
            self.columns = columns
            self.rows = rows
        }
    }

    /// The size of the terminal behind a descriptor, nil where it is no terminal or does not tell.
    package static func size(of descriptor: Int32) -> Size? {
        var size = winsize()
        guard isatty(descriptor) == 1, ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return nil
        }
        return Size(columns: Int(size.ws_col), rows: size.ws_row > 0 ? Int(size.ws_row) : 24)
    }

    /// How many columns the terminal behind a descriptor has, nil where it is no terminal or does not tell.
    package static func columns(of descriptor: Int32) -> Int? { size(of: descriptor)?.columns }
}
