/// The rules of this machine's packet filter, as far as they say whether a TCP port can be reached. A pure value.
///
/// Rules are read in a simple way: what is not understood counts as letting in, so that nobody is told of a wall that is none.
struct FirewallRules {
    enum Verdict: Equatable {
        case accept, drop
        case jump(String)
        /// Counting, logging, or what is not understood.
        case other
    }

    struct Rule {
        var text: String
        /// The ports that it is about; `nil` where it names none.
        var ports: [ClosedRange<Int>]?
        /// Whether it is about something that no new connection from another machine is: answers, loopback, ICMP, UDP.
        var isAside: Bool
        /// Whether it holds for all packets.
        var isUnconditional: Bool
        var verdict: Verdict
    }

    struct Chain {
        var rules: [Rule] = []
        /// Whether packets for this machine begin here, and what happens to them at the end.
        var isInput = false
        var dropsAtEnd = false
    }

    var chains: [String: Chain] = [:]

    /// What drops a new connection to a port, in words; `nil` where nothing surely does.
    func block(port: Int) -> String? {
        var rules = Self.mostRules
        for (name, chain) in chains.sorted(by: { $0.key < $1.key }) where chain.isInput {
            switch fate(port, in: chain, depth: 0, &rules) {
            case .dropped(let rule): return "the rule '\(rule)'"
            case .undecided where chain.dropsAtEnd:
                return "the policy of its chain \(name.split(separator: " ").last ?? "input") is drop"
            default: continue
            }
        }
        return nil
    }

    /// Rules that are looked at; chains that jump to each other again and again have more.
    private static let mostRules = 100_000

    private enum Fate { case taken, dropped(String), undecided }

    private func fate(_ port: Int, in chain: Chain, depth: Int, _ rules: inout Int) -> Fate {
        for rule in chain.rules where !rule.isAside {
            rules -= 1
            guard rules > 0 else { return .taken }
            if let ports = rule.ports, !ports.contains(where: { $0.contains(port) }) { continue }
            switch rule.verdict {
            case .accept: return .taken
            case .drop:
                if rule.ports != nil || rule.isUnconditional { return .dropped(rule.text) }
            case .jump(let name):
                guard depth < 16, let next = chains[name] else { return .taken }
                let fate = fate(port, in: next, depth: depth + 1, &rules)
                if case .undecided = fate { continue }
                return fate
            case .other: continue
            }
        }
        return .undecided
    }
}

extension FirewallRules {
    /// Reads what `nft list ruleset` prints. Chains are named by their table: `ip filter INPUT`.
    init(nft text: String) {
        var table = ""
        var chain: String?
        for line in text.split(separator: "\n") {
            let words = line.split { $0 == " " || $0 == "\t" }.map(String.init)
            guard let first = words.first else { continue }
            if first == "table", words.count >= 3 {
                table = "\(words[1]) \(words[2])"
            } else if first == "chain", words.count >= 2 {
                // A new connection comes over IPv4 here.
                chain = ["ip", "inet"].contains(table.prefix { $0 != " " }) ? "\(table) \(words[1])" : nil
                if let chain { chains[chain] = Chain() }
            } else if first == "}" {
                chain = nil
            } else if let chain {
                if first == "type" {
                    chains[chain]?.isInput = words.contains("filter") && adjacent(words, "hook", "input")
                    chains[chain]?.dropsAtEnd = adjacent(words, "policy", "drop;")
                } else {
                    chains[chain]?.rules.append(Self.nftRule(words, table: table))
                }
            }
        }
    }

    private static func nftRule(_ words: [String], table: String) -> Rule {
        var ports: [ClosedRange<Int>]?
        if let place = words.firstIndex(of: "dport"), place + 1 < words.count {
            let set =
                words[place + 1] == "{" ? words[(place + 2)...].prefix { $0 != "}" } : words[(place + 1)...(place + 1)]
            ports = set.compactMap { portRange($0.filter { $0 != "," }, between: "-") }
        }
        var verdict = Verdict.other
        if words.contains("accept") { verdict = .accept }
        if words.contains("drop") || words.contains("reject") { verdict = .drop }
        if let place = words.firstIndex(where: { $0 == "jump" || $0 == "goto" }), place + 1 < words.count {
            verdict = .jump("\(table) \(words[place + 1])")
        }
        // What stands before the verdict says for which packets it is.
        let conditions = Array(words.prefix { !["accept", "drop", "reject", "jump", "goto"].contains($0) })
        let isAside =
            (adjacent(conditions, "ct", "state") && !conditions.contains("new"))
            || conditions.contains {
                ["\"lo\"", "lo", "udp", "ip6", "igmp", "ipv6-icmp"].contains($0) || $0.hasPrefix("icmp")
            }
        let counting: Set<String> = ["counter", "packets", "bytes"]
        return Rule(
            text: words.joined(separator: " "), ports: ports, isAside: isAside,
            isUnconditional: conditions.allSatisfy { counting.contains($0) || Int($0) != nil }, verdict: verdict)
    }

    /// Reads what `iptables -S` prints.
    init(iptables text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            guard words.count >= 2 else { continue }
            switch words[0] {
            case "-P": chains[words[1]] = Chain(isInput: words[1] == "INPUT", dropsAtEnd: words.last == "DROP")
            case "-N": chains[words[1]] = Chain()
            case "-A": chains[words[1], default: Chain()].rules.append(Self.iptablesRule(words))
            default: continue
            }
        }
    }

    private static func iptablesRule(_ words: [String]) -> Rule {
        var ports: [ClosedRange<Int>]?
        if let place = words.firstIndex(where: { $0 == "--dport" || $0 == "--dports" }), place + 1 < words.count {
            ports = words[place + 1].split(separator: ",").compactMap { portRange($0, between: ":") }
        }
        var verdict = Verdict.other
        if let place = words.firstIndex(where: { $0 == "-j" || $0 == "-g" }), place + 1 < words.count {
            switch words[place + 1] {
            case "ACCEPT": verdict = .accept
            case "DROP", "REJECT": verdict = .drop
            case "LOG", "NFLOG", "RETURN": verdict = .other
            default: verdict = .jump(words[place + 1])
            }
        }
        let states = words.firstIndex { $0 == "--ctstate" || $0 == "--state" }.flatMap {
            $0 + 1 < words.count ? words[$0 + 1] : nil
        }
        let isAside =
            states.map { !$0.contains("NEW") } ?? false || adjacent(words, "-i", "lo") || adjacent(words, "-p", "udp")
            || adjacent(words, "-p", "icmp")
        return Rule(
            text: words.joined(separator: " "), ports: ports, isAside: isAside,
            isUnconditional: words.count >= 4 && words[2] == "-j", verdict: verdict)
    }
}

private func adjacent(_ words: [String], _ first: String, _ second: String) -> Bool {
    zip(words, words.dropFirst()).contains { $0 == first && $1 == second }
}

/// A port, or two with something between.
private func portRange(_ text: some StringProtocol, between separator: Character) -> ClosedRange<Int>? {
    let ends = text.split(separator: separator).compactMap { UInt16($0) }
    switch ends.count {
    case 1: return Int(ends[0])...Int(ends[0])
    case 2 where ends[0] <= ends[1]: return Int(ends[0])...Int(ends[1])
    default: return nil
    }
}
