import Doctor
import Sensors

/// What programs of the system print, as a doctor reads it: rules of a firewall, a firmware's word. A line of the input that begins with `-` and
/// a letter is one of iptables, all of it is what the others print.
package struct MachineFuzz: FuzzFormat {
    package static let name = "machine"

    package init() throws {}

    package let corpus: [[UInt8]] = [
        """
        table inet filter {
        \tchain ports {
        \t\ttcp dport { 22, 7070-7080 } accept
        \t}
        \tchain input {
        \t\ttype filter hook input priority filter; policy drop;
        \t\tct state established,related accept
        \t\tiif "lo" accept
        \t\tjump ports
        \t\ttcp dport 7077 counter packets 3 bytes 180 reject with icmpx admin-prohibited
        \t}
        }
        """,
        """
        -P INPUT DROP
        -N ours
        -A INPUT -i lo -j ACCEPT
        -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
        -A INPUT -p tcp -m multiport --dports 22,7000:7100 -j ours
        -A ours -j DROP
        """, "throttled=0x50005\n", "yes\n",
    ].map { Array($0.utf8) }

    package let words: [[UInt8]] = [
        "table ", "chain ", "inet ", "ip ", "type filter ", "hook input ", "policy drop;", "dport ", "{ ", " }",
        "jump ", "goto ",
        "input", "accept", "drop", "ct state ", "-P ", "-A ", "-N ", "INPUT ", "-j ", "--dport ", "--dports ", "7077",
        "0-65535",
        "65535-0", "99999", "-", ":", ",", "\n", "\t", "throttled=0x", "=", "0x",
    ].map { Array($0.utf8) }

    package var extremes: [[UInt8]] {
        // Chains that jump to the next one ten times each, and a chain of as many rules as there may be.
        let chains = (0..<30).map { chain in
            "-N c\(chain)\n" + String(repeating: "-A c\(chain) -j c\(chain + 1)\n", count: 10)
        }.joined()
        return [
            "-P INPUT DROP\n-A INPUT -j c0\n" + chains,
            "-P INPUT DROP\n" + String(repeating: "-A INPUT -p tcp --dport 22 -j ACCEPT\n", count: 20_000),
            "table ip a {\nchain input {\n" + String(repeating: "tcp dport { 1, 2 } accept\n", count: 20_000),
            String(repeating: "{", count: 200_000), String(repeating: "chain a\n", count: 50_000),
        ].map { Array($0.utf8) }
    }

    package func run(_ input: [UInt8]) -> FuzzOutcome {
        let text = String(decoding: input, as: UTF8.self)
        let isIptables = text.hasPrefix("-")
        let machine = Machine(
            files: SystemFiles(root: "/no such folder"),
            run: { program, _ in program == "nft" && isIptables ? nil : text })
        let findings = Check.findings(machine.facts(FactsOptions(port: 7077, now: 1_800_000_000)))
        for finding in findings { precondition(!finding.what.isEmpty && !finding.mend.isEmpty) }
        return findings.isEmpty ? .refused : .accepted
    }
}
