import API
import Testing

struct APIServerTests {
    @Test func `a port that the system chooses is free`() async throws {
        try await APIServer.checkFree(host: "127.0.0.1", port: 0)
    }

    @Test func `an address of another machine is named with the mend`() async throws {
        // 192.0.2.0/24 is for documentation (RFC 5737): no machine has it.
        let error = await #expect(throws: APIServerError.self) {
            try await APIServer.checkFree(host: "192.0.2.1", port: 0)
        }
        #expect(error?.code == .addressUnavailable)
        #expect(error?.description.contains("192.0.2.1") == true)
        #expect(error?.description.contains("--listen") == true)
    }
}
