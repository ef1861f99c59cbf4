import API
import Hummingbird
import Testing

/// What browsers say of a request, and what programs do not say.
struct SitePolicyTests {
    private let policy = SitePolicy(hosts: ["Lap", "lap.local", "api.example"])
    private let allowing = SitePolicy(origins: ["https://ui.example", "http://localhost:3000"])

    @Test(arguments: [
        "localhost", "localhost:8080", "LOCALHOST:8080", "ui.localhost:8080", "localhost.", "127.0.0.1:8080",
        "127.1.2.3",
        "[::1]:8080", "[::1]", "192.168.1.7:8080", "[fe80::1]:8080", "lap", "LAP.local:8080", "api.example:443", nil,
    ])
    func `known names and addresses may be asked without a key`(host: String?) {
        #expect(throws: Never.self) { try policy.checkHost(host) }
    }

    @Test(arguments: [
        "evil.com", "evil.com:8080", "localhost.evil.com", "127.0.0.1.evil.com", "lap.evil.com", "xlocalhost",
        "evil.lap",
        "", ":8080", "api.example.evil.com:443", "2130706433", "0x7f000001", "[evil.com]:8080", "localhost@evil.com",
    ])
    func `other names may not`(host: String) {
        let error = #expect(throws: APIError.self) { try policy.checkHost(host) }
        #expect(error?.status.code == 403)
        #expect(error?.code == "unknown_host")
        #expect(error?.message.contains("--allow-host") == true)
    }

    @Test func `programs say nothing of where they are, and are let in`() throws {
        for policy in [policy, allowing] {
            #expect(try policy.allowedOrigin(.init(host: "localhost:8080")) == nil)
            #expect(try policy.allowedOrigin(.init(host: nil)) == nil)
            #expect(try policy.allowedOrigin(.init(host: "localhost:8080", fetchSite: "none")) == nil)
        }
    }

    @Test func `pages of this server are let in, whatever its name and port`() throws {
        for host in ["localhost:8080", "lap.local:8080", "127.0.0.1:8080", "[::1]:8080", "lap"] {
            let own = SitePolicy.Asked(host: host, origin: "http://\(host)", fetchSite: "same-origin")
            #expect(try policy.allowedOrigin(own) == nil)
        }
        #expect(try policy.allowedOrigin(.init(host: "lap:80", origin: "http://lap")) == nil)
        let secure = SitePolicy(isSecure: true)
        #expect(try secure.allowedOrigin(.init(host: "lap:443", origin: "https://lap")) == nil)
        #expect(throws: APIError.self) { try secure.allowedOrigin(.init(host: "lap:443", origin: "http://lap")) }
    }

    @Test(arguments: [
        "https://evil.com", "http://localhost:3001", "https://localhost:8080", "http://localhost", "null",
        "http://localhost:8080.evil.com", "http://ui.example", "https://ui.example:444", "",
    ])
    func `pages of other sites are not`(origin: String) {
        let asked = SitePolicy.Asked(host: "localhost:8080", origin: origin, fetchSite: "cross-site")
        for policy in [policy, allowing] {
            let error = #expect(throws: APIError.self) { try policy.allowedOrigin(asked) }
            #expect(error?.status.code == 403)
            #expect(error?.code == "origin_not_allowed")
            #expect(error?.message.contains("--allow-origin") == true)
        }
    }

    @Test(arguments: ["cross-site", "same-site", "Cross-Site", "new-word"])
    func `nor are their requests that only read, which name no origin`(fetchSite: String) {
        #expect(throws: APIError.self) {
            try allowing.allowedOrigin(.init(host: "localhost:8080", fetchSite: fetchSite))
        }
    }

    @Test func `allowed sites are told so`() throws {
        for origin in ["https://ui.example", "http://localhost:3000", "https://UI.example"] {
            let asked = SitePolicy.Asked(host: "localhost:8080", origin: origin, fetchSite: "cross-site")
            #expect(try allowing.allowedOrigin(asked) == origin)
        }
        let any = SitePolicy(origins: ["*"])
        for origin in ["https://evil.com", "null"] {
            #expect(try any.allowedOrigin(.init(host: "localhost:8080", origin: origin)) == origin)
        }
        #expect(try any.allowedOrigin(.init(host: "localhost:8080", fetchSite: "cross-site")) == nil)
    }
}
