import Testing
import Transport

@Suite struct EndpointTests {
    @Test(
        arguments: [
            ("pi1:7078", "pi1", 7078), ("pi1", "pi1", 7077), ("192.168.1.5:80", "192.168.1.5", 80),
            ("[::1]:7077", "::1", 7077),
            ("[fe80::1]", "fe80::1", 7077), ("::1", "::1", 7077), ("0.0.0.0:0", "0.0.0.0", 0),
            ("a.local:65535", "a.local", 65535),
        ] as [(String, String, Int)]) func `Addresses are read and written back`(text: String, host: String, port: Int)
        throws
    {
        let endpoint = try Endpoint(parsing: text)
        #expect(endpoint == Endpoint(host: host, port: port))
        #expect(try Endpoint(parsing: endpoint.description) == endpoint)
    }

    @Test(arguments: [
        "", ":7077", "pi1:", "pi1:x", "pi1:-1", "pi1:+1", "pi1:65536", "[::1", "[]:1", "[::1]7077", "a b:1",
        "http://pi1:1",
        "a/b", "[[::1]]:1",
    ]) func `What is no address is refused with the form it should have`(text: String) {
        let error = #expect(throws: TransportError.self) { _ = try Endpoint(parsing: text) }
        #expect(error?.code == .invalidAddress)
        #expect(error?.message.hasSuffix("write HOST:PORT or [IPV6]:PORT") == true)
    }
}
