#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Runs a small program of the system that prints a fact, such as `vcgencmd get_throttled`.
enum SystemProgram {
    /// Where programs are looked for, whatever PATH says: `doctor` is run by root too.
    private static let folders = ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/opt/vc/bin"]
    private static let patience = Duration.seconds(3)
    private static let mostBytes = 1 << 20

    /// What it prints on standard output, at most a mebibyte. Blocks the calling thread for three seconds at most.
    ///
    /// - Returns: `nil` where there is no such program, or it fails, takes too long or prints too much.
    static func output(of program: String, _ arguments: [String]) -> String? {
        #if os(Linux)
        let paths: [String] = folders.map { "\($0)/\(program)" }
        guard let path = paths.first(where: { (path: String) -> Bool in access(path, X_OK) == 0 }) else { return nil }
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        // Not for programs that other threads may start.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) }
        defer { for word in words { free(word) } }
        words.append(nil)
        var variables: [UnsafeMutablePointer<CChar>?] = [
            strdup("LC_ALL=C"), strdup("PATH=\(folders.joined(separator: ":"))"),
        ]
        defer { for variable in variables { free(variable) } }
        variables.append(nil)
        var child = pid_t()
        let status = posix_spawn(&child, path, &actions, nil, words, variables)
        close(ends[1])
        guard status == 0 else { return nil }
        let text = text(from: ends[0])
        if text == nil { kill(child, SIGKILL) }
        var end: CInt = 0
        while waitpid(child, &end, 0) < 0 { if errno != EINTR { return nil } }
        return end == 0 ? text : nil
        #else
        return nil
        #endif
    }

    #if os(Linux)
    /// All that comes until the other end is closed; `nil` where that takes too long.
    private static func text(from descriptor: CInt) -> String? {
        let deadline = ContinuousClock.now + patience
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count <= mostBytes {
            let left = deadline - .now
            guard left > .zero else { return nil }
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&waiting, 1, CInt(left / .milliseconds(1)) + 1)
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else { return nil }
            let count = read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return String(validating: bytes, as: UTF8.self) }
            bytes += piece[..<count]
        }
        return nil
    }
    #endif
}
