import ChatTemplate
import TestSupport
import Testing

/// Templates are data of strangers: whatever they say, rendering ends soon with a text or a typed error.
@Suite("Hostile templates")
struct HostileTemplateTests {
    private func error(_ source: String, _ change: (inout TemplateLimits) -> Void = { _ in }) throws -> TemplateError {
        try #require(throws: TemplateError.self) {
            var template = try ChatTemplate(source: source)
            change(&template.limits)
            _ = try template.render(variables: [:])
        }
    }

    @Test(arguments: [
        // Time.
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% macro m(n) %}{% for i in range(9) %}{{ m(n + 1) }}{% endfor %}{% endmacro %}{{ m(0) }}",
        "{{ range(100001) }}",
        // Memory.
        "{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
        "{{ 'x' * 999999999999 }}", "{{ [1] * 999999999999 }}",
        "{% for i in range(99999) %}{{ 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' * 1000 }}{% endfor %}",
        "{% set ns = namespace(a='x' * 1000000) %}{{ ns.a.replace('x', ns.a) }}", "{{ ('a' * 2000000) | list }}",
        "{{ '%999999999999d' % 1 }}", "{{ '%.999999999f' % 1 }}", "{{ '%*d' % (9223372036854775807, 1) }}",
        "{{ '{:999999999999}'.format(1) }}", "{{ '{:.999999999e}'.format(1.5) }}", "{{ '%999999999s' | format(1) }}",
        "{{ 'a'.zfill(9223372036854775807) }}", "{{ 'a' | center(9223372036854775807) }}", "{{ 'a'.ljust(99999999) }}",
        "{{ [1] | batch(9223372036854775807, 1) }}", "{{ [1] | slice(9223372036854775807) }}",
        "{% set ns = namespace(s='{0}') %}{% for i in range(99) %}{% set ns.s = ns.s.format(ns.s ~ ns.s) %}{% endfor %}",
        "{% set ns = namespace(s='%(s)s') %}{% for i in range(99) %}{% set ns.s = ns.s % {'s': ns.s ~ ns.s} %}{% endfor %}",
        "{{ range(99999) | string | sort }}", "{{ range(99999) * 10 }}", "{{ range(99999) * 9223372036854775807 }}",
        "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
        "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l | tojson }}",
        "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l == ns.l + [] }}"
            + "{% set ns.m = [1] %}{% for i in range(60) %}{% set ns.m = [ns.m, ns.m] %}{% endfor %}{{ ns.l == ns.m }}",
        // Depth.
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m() %}{% call m() %}{{ caller() }}{% endcall %}{% endmacro %}{{ m() }}",
        "{% macro m(n) %}{{ caller(n) }}{% endmacro %}{% macro k(n) %}{% call(n) m(n) %}{{ k(n) }}{% endcall %}{% endmacro %}{{ k(1) }}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{% for x in [1] recursive %}{% for y in range(99999) %}{% set z = loop %}{% endfor %}{{ loop([1]) }}{% endfor %}",
        "{% set ns = namespace(l=[]) %}{% for i in range(9999) %}{% set ns.l = [ns.l] %}{% endfor %}",
        "{% set ns = namespace(l={}) %}{% for i in range(9999) %}{% set ns.l = dict(a=ns.l) %}{% endfor %}",
    ])
    func `that ask for too much are stopped`(source: String) throws {
        let error = try error(source)
        #expect(error.code == .limit)
        #expect(error.line == 1)
    }

    @Test(arguments: [
        ("(", ")"), ("[", "]"), ("{'a':", "}"), ("not ", ""), ("-", ""), ("a if b else ", ""), ("'a' ~ ", ""),
        ("x.", "x"),
    ])
    func `that nest without end are refused while reading`(open: String, close: String) throws {
        for count in [101, 50_000] {
            let source =
                "{{ " + String(repeating: open, count: count) + "a"
                + String(repeating: close, count: close == "x" ? 0 : count) + " }}"
            #expect(try error(source).code == .limit)
        }
    }

    @Test func `blocks that nest without end are refused while reading`() throws {
        for block in ["{% if a %}", "{% for a in b %}", "{% macro a() %}", "{% set a %}"] {
            #expect(try error(String(repeating: block, count: 50_000)).code == .limit)
        }
        #expect(try error("{{ a" + String(repeating: "|trim", count: 50_000) + " }}").code == .limit)
        #expect(try error("{{ a" + String(repeating: "[0]", count: 50_000) + " }}").code == .limit)
    }

    @Test func `the deepest that is allowed fits on the stack`() throws {
        let nested = String(repeating: "[", count: 49) + String(repeating: "]", count: 49)
        let blocks = String(repeating: "{% if true %}", count: 39)
        let template = try ChatTemplate(
            source: "{% macro m(x) %}" + String(repeating: "{% for i in [1] %}", count: 38) + "{{ \(nested) }}"
                + String(repeating: "{% endfor %}", count: 38) + "{% endmacro %}{{ m(m(m(1))) }}" + blocks
                + "{{ m(1) }}"
                + String(repeating: "{% endif %}", count: 39))
        #expect(try template.render(variables: [:]) == String(repeating: nested, count: 2))
    }

    @Test func `a block's body cannot be called when the block is over`() throws {
        let source =
            "{% set ns = namespace() %}{% macro m() %}{% set ns.c = caller %}{% endmacro %}{% call m() %}x{% endcall %}{{ ns.c() }}"
        #expect(try error(source).code == .type)
    }

    @Test func `blocks that call copy no variables`() throws {
        // Some 20,000 names in sight: were they copied at each call, it would take minutes, for which no step is charged.
        let names = (0..<8000).map { "{% set v\($0) = 1 %}" }.joined()
        let source =
            names
            + "{% macro m() %}{{ caller() }}{% endmacro %}{% for i in range(9999) %}{% call m() %}{% set a = i %}{% endcall %}{% endfor %}{% set v1 = 2 %}{{ v1 }}{{ v2 }}"
        #expect(try ChatTemplate(source: source).render(variables: [:]) == "21")
    }

    @Test func `the limits are the caller's to set`() throws {
        #expect(try error("{{ 'abcd' }}") { $0.outputBytes = 3 }.code == .limit)
        #expect(try error("{% for i in range(100) %}{% endfor %}") { $0.steps = 50 }.code == .limit)
        #expect(try error("{{ [[1]] }}") { $0.depth = 2 }.code == .limit)
        #expect(try error("{{ range(10) }}") { $0.listElements = 9 }.code == .limit)
    }

    @Test(.enabled(if: Golden.isPresent, Comment(rawValue: Golden.absence)), arguments: GoldenChatTests.names)
    func `mutations of real templates end in a text or a typed error`(name: String) throws {
        let golden = try GoldenChat(name)
        let bytes = Array(golden.source.utf8)
        let pieces = [
            "{{", "}}", "{%", "%}", "-", "(", ")", "[", "]", "|", "'", "\\", "messages", "loop", " is ", " not ", "0",
            "*", "\n", "é",
        ]
        var generator = SeededGenerator(seed: 20_260_101)
        var rendered = 0
        var refused = 0
        for turn in 0..<400 {
            var mutated = bytes
            for _ in 0..<Int.random(in: 1...4, using: &generator) where !mutated.isEmpty {
                let place = Int.random(in: 0..<mutated.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: mutated.remove(at: place)
                case 1:
                    mutated.insert(
                        contentsOf: pieces.randomElement(using: &generator).map { Array($0.utf8) } ?? [], at: place)
                case 2:
                    let end = min(mutated.count, place + Int.random(in: 1...40, using: &generator))
                    mutated.insert(
                        contentsOf: mutated[place..<end], at: Int.random(in: 0...mutated.count, using: &generator))
                default:
                    mutated.removeSubrange(
                        place..<min(mutated.count, place + Int.random(in: 1...20, using: &generator)))
                }
            }
            let chat = golden.cases[turn % golden.cases.count]
            do throws(TemplateError) {
                var template = try ChatTemplate(source: String(decoding: mutated, as: UTF8.self))
                template.limits.steps = 100_000
                template.limits.outputBytes = 1 << 20
                let text = try template.render(
                    messages: chat.messages, tools: chat.tools, variables: chat.variables)
                #expect(text.utf8.count <= 1 << 20)
                rendered += 1
            } catch {
                #expect(error.line >= 1 && !error.message.isEmpty, "\(generator), turn \(turn)")
                refused += 1
            }
        }
        #expect(rendered > 0 && refused > 0, "\(generator): \(rendered) rendered, \(refused) refused")
    }
}
