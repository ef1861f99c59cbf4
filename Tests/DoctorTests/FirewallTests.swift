import Doctor
import Sensors
import TestSupport
import Testing

@Suite("Firewalls")
struct FirewallTests {
    private func finding(_ programs: [String: String]) -> Finding? {
        let machine = Machine(files: SystemFiles(root: FakeRoot().path), run: { program, _ in programs[program] })
        return Check.findings(machine.facts(FactsOptions(port: 7077, now: 1_800_000_000))).first {
            $0.check == "firewall"
        }
    }

    private func nft(policy: String, _ rules: String, more: String = "") -> String {
        """
        table inet filter {
        \(more)
        \tchain input {
        \t\ttype filter hook input priority filter; policy \(policy);
        \(rules.split(separator: "\n").map { "\t\t\($0)" }.joined(separator: "\n"))
        \t}
        \tchain forward {
        \t\ttype filter hook forward priority filter; policy drop;
        \t}
        }
        """
    }

    /// Rules that let answers and this machine itself in, and nobody else.
    private let usual = """
        ct state established,related accept
        iif "lo" accept
        icmp type echo-request accept
        """

    @Test(arguments: [
        "tcp dport 7077 accept", "tcp dport { 22, 7070-7080 } accept", "ip saddr 192.168.0.0/16 accept",
        "tcp dport { 22, 7077, 8080 } ct state new accept", "tcp dport 7077 counter packets 3 bytes 180 accept",
        "accept",
    ])
    func `nft lets the port in`(rule: String) {
        #expect(finding(["nft": nft(policy: "drop", "\(usual)\n\(rule)")]) == nil)
    }

    @Test(arguments: [
        "tcp dport 22 accept", "tcp dport { 22, 80 } accept", "udp dport 7077 accept", "tcp dport 7078-7090 accept",
    ])
    func `nft's policy keeps it out`(rule: String) throws {
        let found = try #require(finding(["nft": nft(policy: "drop", "\(usual)\n\(rule)")]))
        #expect(found.severity == .problem && found.what.contains("policy"))
        #expect(finding(["nft": nft(policy: "accept", "\(usual)\n\(rule)")]) == nil)
    }

    @Test(arguments: [
        "tcp dport 7077 drop", "tcp dport 7000-8000 reject with tcp reset", "counter packets 0 bytes 0 drop",
        "reject with icmpx admin-prohibited",
    ])
    func `a rule of nft keeps it out`(rule: String) {
        #expect(finding(["nft": nft(policy: "accept", "\(usual)\n\(rule)")])?.what.contains(rule) == true)
    }

    @Test func `nft's chains are followed`() {
        let chains = """
            \tchain ports {
            \t\ttcp dport 22 accept
            \t\ttcp dport 7077 accept
            \t}
            """
        #expect(finding(["nft": nft(policy: "drop", "\(usual)\njump ports", more: chains)]) == nil)
        let without = chains.replacing("7077", with: "7999")
        #expect(finding(["nft": nft(policy: "drop", "\(usual)\njump ports", more: without)]) != nil)
        // One that is not there, or is followed for ever, says nothing for sure.
        #expect(finding(["nft": nft(policy: "drop", "jump nowhere")]) == nil)
        #expect(finding(["nft": nft(policy: "drop", "jump input")]) == nil)
    }

    @Test func `other families are not this one's`() {
        let text = nft(policy: "drop", usual).replacing("table inet", with: "table ip6")
        #expect(finding(["nft": text]) == nil)
    }

    @Test func `iptables`() throws {
        let head =
            "-P INPUT DROP\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n-N ours\n-A INPUT -i lo -j ACCEPT\n"
            + "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
        #expect(finding(["iptables": head])?.what.contains("policy") == true)
        for rule in [
            "-A INPUT -p tcp -m tcp --dport 7077 -j ACCEPT",
            "-A INPUT -p tcp -m multiport --dports 22,7000:7100 -j ACCEPT",
            "-A INPUT -s 10.0.0.0/8 -j ACCEPT", "-A INPUT -j ours\n-A ours -p tcp -m tcp --dport 7077 -j ACCEPT",
        ] {
            #expect(finding(["iptables": head + rule]) == nil, "\(rule)")
        }
        #expect(finding(["iptables": head + "-A INPUT -p udp -m udp --dport 7077 -j ACCEPT"]) != nil)
        let open = head.replacing("-P INPUT DROP", with: "-P INPUT ACCEPT")
        #expect(finding(["iptables": open]) == nil)
        #expect(finding(["iptables": open + "-A INPUT -p tcp -m tcp --dport 7077 -j REJECT"]) != nil)
        #expect(finding(["iptables": open + "-A INPUT -j DROP"]) != nil)
        #expect(finding(["iptables": open + "-A INPUT -s 10.0.0.0/8 -j DROP"]) == nil)
        // What nft prints counts before.
        #expect(finding(["nft": nft(policy: "accept", usual), "iptables": head]) == nil)
    }

    @Test(arguments: [
        "", "}", "table", "chain input", "table inet\nchain", "table inet filter {\nchain input {\ntype", "dport",
        "tcp dport",
    ])
    func `what is no list of rules blocks nothing`(text: String) {
        #expect(finding(["nft": text, "iptables": text]) == nil)
        #expect(finding(["iptables": "-A\n-P INPUT\n-A INPUT -j\n-A INPUT --dport\n\(text)"]) == nil)
    }
}
