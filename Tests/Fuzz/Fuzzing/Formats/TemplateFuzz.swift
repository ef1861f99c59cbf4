import ChatTemplate

/// Sources of chat templates, which come with model files of strangers, rendered under the limits that the API has.
package struct TemplateFuzz: FuzzFormat {
    package static let name = "templates"

    private let conversations: [(messages: [Value], tools: [Value]?)]
    private let variables: [String: Value]

    package init() throws {
        let plain = try Value(
            json: #"[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi {{ x }} <|im_end|>"}]"#)
        let odd = try Value(
            json:
                #"[{"role":"user","content":["a",{"b":[1,2.5,null,true]}],"tool_calls":[{"function":{"name":"f","arguments":{"x":1e300}}}]},{"role":"assistant","content":null},{"content":"\n \u0000é"}]"#
        )
        let tool = try Value(
            json: #"[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}]"#)
        // Values that cost a template nothing to make.
        variables = [
            "bos_token": .string("<s>"), "eos_token": .string("</s>"),
            "big": .string(String(repeating: "ab é", count: 40_000)),
            "wide": .object((0..<2000).map { ("common beginning of keys \($0)", .integer($0)) }),
        ]
        conversations = [(Self.elements(plain), nil), (Self.elements(odd), Self.elements(tool)), ([], nil)]
    }

    private static func elements(_ value: Value) -> [Value] {
        if case .list(let list) = value { list.elements } else { [] }
    }

    package let corpus: [[UInt8]] = [
        "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
        "{%- if messages[0]['role'] == 'system' %}{% set system = messages[0]['content'] | trim %}{% set rest = messages[1:] %}{% else %}{% set system = '' %}{% set rest = messages %}{% endif %}{{- bos_token }}{% for m in rest %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}{{ '[INST] ' ~ m.content ~ ' [/INST]' if m.role == 'user' else m.content + eos_token }}{% endfor %}",
        "{% macro show(x, deep=false) %}{% for k, v in x.items() %}{{ k }}={{ v | tojson(indent=2) }}{% if not loop.last %},{% endif %}{% endfor %}{% endmacro %}{% if tools is not none %}{% for t in tools | selectattr('type', 'equalto', 'function') %}{{ show(t['function']) }}{% endfor %}{% endif %}{{ strftime_now('%d %b %Y') }}",
        "{% set ns = namespace(found=false, n=0) %}{% for m in messages[::-1] %}{% if m.content is string and 'x' in m.content.split('\\n')[-1].lstrip() %}{% set ns.found = true %}{% break %}{% endif %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n ** 2 // 3 }}{% raw %}{{ a }}{% endraw %}{# note #}{% filter upper %}a{% endfilter %}",
    ].map { Array($0.utf8) }

    private static let statements = [
        "{% for a in messages %}", "{% for k, v in messages[0].items() recursive %}", "{% endfor %}", "{% if a %}",
        "{% elif b is defined %}",
        "{% else %}", "{% endif %}", "{% set a = messages %}", "{% set ns.x = ns.x + 1 %}",
        "{% set ns = namespace(x=1) %}",
        "{% macro m(a, b=1) %}", "{% endmacro %}", "{{ m(m(1)) }}", "{% raw %}", "{% endraw %}", "{# ", " #}",
        "{% break %}", "{% continue %}",
        "{%- ", " -%}", "{{- ", " -}}", "{% set t %}", "{% endset %}", "{% filter upper %}", "{% endfilter %}",
        "{% call m(1) %}", "{% endcall %}", "{% call(a, b=1) m(*messages, **wide) %}", "{{ caller(a) }}",
        "{{ kwargs }}{{ varargs }}",
        "{% generation %}", "{% endgeneration %}", "{{ loop(a) }}", "{{ loop.cycle(1, 2) }}",
        "{% for i in range(99999) %}",
    ]
    private static let operators = [
        "+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", ">=", " and ", " or ", " in ", " not in ",
        " if a else ", " is ", " is not ",
        ".", ", ", ":",
    ]
    private static let filters = [
        "default('x')", "tojson", "tojson(indent=4)", "int", "int(base=16)", "float", "abs", "round(2)", "round(-400)",
        "items", "dictsort", "attr('role')", "string",
        "safe", "trim", "upper", "lower", "capitalize", "title", "replace('a', 'bb')", "replace('', 'x')",
        "indent(99999)", "escape",
        "wordcount", "length", "list", "first", "last", "join(',')", "reverse", "sort(reverse=true)", "unique", "sum",
        "min", "max", "select",
        "reject('none')", "selectattr('role', 'equalto', 'user')", "rejectattr('x')", "map('upper')",
        "map(attribute='role')", "batch(2)",
        "groupby('role')", "groupby(big, default=1)", "batch(99999999, 1)", "slice(9223372036854775807)", "from_json",
        "truncate(3)",
        "truncate(big)", "format(big)", "format(a=big, **wide)", "center(-9223372036854775807)", "center(99999999)",
        "format(1)", "slice(3)", "map(attribute=big)",
        "map(attribute='a.b.0', default=1)", "selectattr(big)", "rejectattr('role', 'in', big)",
        "map('replace', 'a', big)",
        "join(big, attribute='role')", "sort(attribute=big)", "unique(attribute='role')", "tojson(sort_keys=true)",
        "tojson(indent=big)", "trim(big)", "indent(big)",
    ]
    private static let tests = [
        "defined", "none", "string", "mapping", "odd", "divisibleby(0)", "iterable", "equalto(1)", "in(a)", "callable",
        "number", "in(big)", "eq(big)", "lt(big)", "lower", "upper", "sameas(wide)",
    ]
    private static let methods = [
        ".strip()", ".split('')", ".split(',', 1)", ".replace('a', '', -1)", ".items()", ".get('a', 1)",
        ".startswith('a')", ".upper()", ".join([1])",
        ".rsplit()", ".format(1)", ".keys()", ".append(1)", ".find('')", ".count('')", ".title()", "[1:]", "[::-1]",
        "[::0]", "[-9223372036854775808:9223372036854775807]",
        "[9223372036854775807]", "[::9223372036854775807]", "[::-9223372036854775807]", ".pop()", ".ljust(99999999)",
        ".zfill(99999999)", ".splitlines()", ".encode()", ".isdigit()", ".get(big)", ".get(big, wide)", "[big]",
        ".startswith(big)", ".endswith((big, 'a'))", ".split(big)", ".strip(big)", ".removesuffix(big)", ".count(big)",
        ".islower()", ".keys()", ".values()", ".copy()", ".format(big, a=wide)", ".format(*messages)",
        ".format_map(wide)",
        ".rfind(big)", ".index('a', -5)", ".find('a', 9223372036854775807)", ".rindex('', 1, -9223372036854775807)",
        ".partition(big)", ".rpartition('b')", ".rsplit('', 1)", ".rsplit(none, 1)",
        ".center(9223372036854775807, 'é')",
        ".zfill(-9223372036854775807)", ".swapcase()", ".splitlines(true)", ".isnumeric()", ".grouper", ".list",
    ]
    private static let atoms = [
        "a", "messages", "messages[0]", "messages[0]['content']", "tools", "loop.index", "ns.x", "'a'", "'\\ud800'",
        "\"x\\n\"", "''", "0", "1", "-1",
        "9223372036854775807", "9223372036854775808", "1e308", "1e999", "0.1", "true", "none", "[]", "{}", "{'a': 1}",
        "(1, 2)", "[1, 'a', none]",
        "range(10)", "range(0, 99999)", "range(1, -99999999999, -3)", "range(1, 2, 0)", "namespace()", "dict(a=1)",
        "strftime_now('%Y%j%%%')", "raise_exception('x')", "bos_token", "big", "wide", "{big: 1}",
        "{big: big, 'a': wide}",
        "'%s %5.3f %-8d %r %c %x'", "'%(role)s'", "'%*.*f'", "'%9999999999d'", "'{} {0} {a.b[c]!r:>{w}}'",
        "'{:*^99999}'",
        "'{:,.99999f}'", "{1: 2, 1.0: 3, none: 4, true: 5}", "(1,)", "()", "loop", "1e-320", "dict(wide, a=big)",
        "namespace(wide)", "[big, big]", "(big ~ i)",
    ]

    package let words: [[UInt8]] =
        (statements + operators + methods + atoms + filters.map { "|\($0)" } + tests.map { " is \($0)" }
        + [
            "{{", "}}", "{%", "%}", "(", ")", "[", "]", "{", "}", "'", "\"", "\\", "|", "\u{0}", "é", "\u{301}", "\r\n",
            "\n",
        ]).map { Array($0.utf8) }

    /// Words without end, and loops that make as much as the limits let them.
    package var extremes: [[UInt8]] {
        let endless = [
            "(", "[", "{'a':", "not ", "-", "a.", "a|trim|", "a[0]", "'a' ~ ", "a if b else ", "m(", "{% if a %}", "{{",
            "{#", "a,", "a==", "1+", "1**", "a and ",
            "{% elif a %}", "a is a is ", "'",
        ].map { "{{ " + String(repeating: $0, count: (256 << 10) / $0.utf8.count - 2) }
        let loop = "{% for i in range(99999) %}"
        let greedy = [
            "{% set ns = namespace(l=[]) %}\(loop){% set ns.l = ns.l + [[i, i]] %}{% endfor %}",
            "{% set ns = namespace(l=[]) %}\(loop){% set ns.l = [ns.l, range(1000) | list, 'x' * 9999] %}{% endfor %}",
            "{% set ns = namespace(l=[]) %}{% for i in range(90) %}{% set ns.l = [ns.l, range(99999) | list] %}{% endfor %}{{ ns.l | length }}",
            "{% set ns = namespace(l=[]) %}{% for i in range(90) %}{% set ns.l = [ns.l, 'x' * 9999999] %}{% endfor %}",
            "\(loop){% for j in range(99999) %}{{ 'a' }}{% endfor %}{% endfor %}", "{{ 'é' * 8000000 }}",
            "{{ ('a' * 9999999).split('a') }}",
            "{{ ('a' * 9999999) | upper | lower | title | capitalize | escape | trim }}",
            "{{ ('<' * 4000000) | escape }}", "{{ ('a\n' * 4000000) | indent(1000) }}",
            "{{ ('a ' * 4000000) | wordcount }}", "{{ (range(99999) | list) | sort | unique | list | join(', ') }}",
            "{{ ('a' * 4000000) | list | length }}",
            "{% set s = 'a' * 200000 %}\(loop){{ s in s[:-1] + 'b' }}{{ s.find('b') }}{% endfor %}",
            "{% set s = 'ab' * 100000 %}\(loop){{ s[i] }}{{ s | length }}{% endfor %}",
            "\(loop){{ messages | tojson }}{% endfor %}",
            "{% set s = 'ab' * 1000000 %}\(loop){{ s | length }}{{ s == s ~ 'x' }}{{ s < s ~ 'y' }}{{ s.startswith('abc') }}{% endfor %}",
            "{% set l = range(99999) | list %}\(loop){{ 'x' in l }}{{ l | first }}{{ l | last }}{{ l == l[1:] }}{% endfor %}",
            "{% set l = range(99999) | list %}\(loop){% set k = l | sum %}{% set q = l | max %}{% endfor %}",
            "{% set l = range(9999) | list %}\(loop){% set k = l | unique | list %}{% set q = l | sort %}{% endfor %}",
            "{% set ns = namespace(d={}) %}\(loop){% set ns.d = dict(ns.d, **{'k' ~ i: i}) %}{% endfor %}",
            "\(loop){% set x = ('a' ~ i) %}{% set y = [x, x, x, x, x, x] %}{% endfor %}",
            "\(loop){% macro m() %}{{ i }}{% endmacro %}{{ m() }}{% endfor %}",
            "\(loop){% set n = namespace(a=i) %}{% endfor %}",
            // Keys as large as may be, hashed over and over.
            "{% set k = 'ab' * 4000000 %}{% set d = {k: 1} %}\(loop){{ d[k] }}{{ k in d }}{{ d.get(k) }}{% endfor %}",
            "{% set k = 'ab' * 4000000 %}\(loop){% set d = {k: 1, k ~ '': 2} %}{% endfor %}",
            "{% set k = 'ab' * 4000000 %}\(loop){{ messages | map(attribute=k) | list }}{% endfor %}",
            "{% set k = 'a.' * 4000000 %}\(loop){{ messages | map(attribute=k, default=1) | list }}{% endfor %}",
            "{% set k = 'ab' * 4000000 %}\(loop){{ messages | selectattr(k) | list }}{% endfor %}",
            "{% set k = 'e\\u0301' * 2000000 %}\(loop){{ k == k ~ '' }}{{ k is lower }}{{ k in [k ~ ''] }}{% endfor %}",
            "{% set k = 'a' ~ '\\u0301\\u0316' * 2000000 %}\(loop){{ {k: 1}[k] }}{{ k.isupper() }}{{ 1.5 | round(1, k) }}{% endfor %}",
            "{% set d = dict() %}\(loop){% set d = dict(wide, **{}) %}{% endfor %}",
            "\(loop){% set n = namespace(wide) %}{% set n.x = i %}{% endfor %}",
            "\(loop){{ wide | dictsort | tojson(sort_keys=true) }}{{ wide == wide }}{{ wide.items() | list }}{% endfor %}",
            "\(loop){{ wide | tojson(sort_keys=true, indent='') }}{{ wide | sort | join }}{% endfor %}",
            "{{ 2 ** 9999999 }}{{ 1.5 ** 999 }}{{ -9223372036854775807 - 5 }}",
            "{{ (-9223372036854775807 - 1) // -1 }}",
            "{{ (-9223372036854775807 - 1) % -1 }}{{ (-9223372036854775807 - 1) | abs }}{{ -(-9223372036854775807 - 1) }}",
            "{% macro m() %}{{ caller() }}{% endmacro %}\(loop){% call m() %}{% set x = i %}{% endcall %}{% endfor %}",
            "{% macro m() %}{{ kwargs | length }}{% endmacro %}\(loop){{ m(**wide) }}{% endfor %}",
            "{% for x in range(99999) recursive %}{{ loop(range(99999)) }}{% endfor %}",
            "\(loop){{ '%.9999f' % 1e300 }}{{ '%r%a' % (big, big) }}{{ '{!r:>999}'.format(i) }}{% endfor %}",
            "\(loop){{ big % 1 if false }}{{ big.format(1) }}{{ wide | groupby(0) | length }}{% endfor %}",
            "\(loop){{ big.rfind('x') }}{{ big.partition('x')[0] | length }}{{ big.split(none, 1) | length }}{% endfor %}",
            "{{ 1e300 | int }}{{ (1e999 - 1e999) | int }}{{ 1e999 | round }}{{ 1e999 // 1 }}",
        ]
        return (endless + greedy).map { Array($0.utf8) }
    }

    package func generate(_ random: inout FuzzRandom) -> [UInt8]? {
        var text = ""
        for _ in 0...random.below(8) {
            text +=
                random.oneIn(3)
                ? random.pick(Self.statements) : random.oneIn(6) ? "text\n " : "{{ " + expression(3, &random) + " }}"
        }
        return Array(text.utf8)
    }

    private func expression(_ depth: Int, _ random: inout FuzzRandom) -> String {
        guard depth > 0 else { return random.pick(Self.atoms) }
        switch random.below(8) {
        case 0: return expression(depth - 1, &random) + random.pick(Self.operators) + expression(depth - 1, &random)
        case 1: return expression(depth - 1, &random) + "|" + random.pick(Self.filters)
        case 2: return expression(depth - 1, &random) + " is " + random.pick(Self.tests)
        case 3: return "(" + expression(depth - 1, &random) + ")" + random.pick(Self.methods)
        case 4: return "[" + expression(depth - 1, &random) + ", " + expression(depth - 1, &random) + "]"
        case 5: return expression(depth - 1, &random) + "[" + expression(depth - 1, &random) + "]"
        default: return random.pick(Self.atoms)
        }
    }

    package func run(_ input: [UInt8]) -> FuzzOutcome {
        do throws(TemplateError) {
            let template = try ChatTemplate(source: String(decoding: input, as: UTF8.self))
            var outcome = FuzzOutcome.accepted
            for (messages, tools) in conversations {
                do throws(TemplateError) {
                    let text = try template.render(
                        messages: messages, tools: tools,
                        variables: variables,
                        now: CivilTime(year: 2026, month: 2, day: 28, hour: 23, minute: 59, second: 60))
                    precondition(text.utf8.count <= template.limits.outputBytes, "more output than allowed")
                } catch {
                    precondition(error.line >= 1 && !error.message.isEmpty, "\(error)")
                    outcome = .refused
                    // The other conversations would take as long.
                    if error.code == .limit { return .refused }
                }
            }
            return outcome
        } catch {
            precondition(error.line >= 1 && !error.message.isEmpty, "\(error)")
            return .refused
        }
    }
}
