import Fuzzing
import Glibc
import Testing

/// The worker that means ill, of conversations with a coordinator.
struct FrameProxyTests {
    @Test func `a proxy that is killed twice ends nobody's connection that has its number by then`() throws {
        let proxy = FrameProxy(target: 1, script: [])
        proxy.kill()
        // The lowest numbers that are free are given: the proxy's is among them.
        var files: [CInt] = []
        defer { for file in files { close(file) } }
        for _ in 0..<64 {
            var pair: [CInt] = [-1, -1]
            try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &pair) == 0)
            files += pair
        }
        proxy.kill()
        for file in files {
            var byte: UInt8 = 0
            let count = recv(file, &byte, 1, CInt(MSG_PEEK) | CInt(MSG_DONTWAIT))
            #expect(count == -1 && errno == EAGAIN, "connection \(file) has ended")
        }
    }
}
