import ChatTemplate
import Testing

/// Whatever an operation touches is counted: each, repeated on large values that cost nothing to make, comes to the limit.
@Suite("Work of templates")
struct WorkAccountTests {
    /// 128 KiB: one sweep over it is 2,048 steps.
    private static let size = 128 << 10
    private static let text = String(repeating: "ab", count: size / 2)
    private static let keys = (0..<3000).map { "key \($0)" }

    /// Made for each rendering: equal values must not be the same memory.
    private static func variables() -> [String: Value] {
        let list = Value.array(keys.map { .string($0) })
        func mapping() -> Value { .object(keys.map { ($0, .string($0)) }) }
        return [
            "s": .string(text), "t": .string(String(text.dropLast()) + "c"), "u": .string("c" + text.dropFirst()),
            "spaces": .string(String(repeating: " ", count: size)),
            "digits": .string(String(repeating: "7", count: size)), "l": list,
            "m": .array(keys.map { .string($0) } + []), "d": mapping(), "e": mapping(),
            "keyed": .object([(text, .integer(1))]), "objects": .array(keys.map { .object([("a", .string($0))]) }),
        ]
    }

    /// Renders a statement a hundred times, and tells why that ended.
    private func outcome(of statement: String) throws -> TemplateError.Code? {
        var template = try ChatTemplate(
            source:
                "{% macro show(x) %}{% endmacro %}{% set ns = namespace(k=s) %}{% for i in range(100) %}\(statement){% endfor %}"
        )
        template.limits.steps = 100_000
        do throws(TemplateError) {
            _ = try template.render(
                variables: Self.variables(), now: CivilTime(year: 2026, month: 1, day: 2))
            return nil
        } catch {
            return error.code
        }
    }

    @Test(arguments: [
        // Operators on texts.
        "s ~ 'x'", "1 ~ s", "s + 'x'", "s * 1", "1 * s", "s == (t ~ '')", "s == t", "s != t", "s < t", "s > t",
        "s <= t",
        "s >= t", "'c' in s", "s in t", "s not in t", "s[5]", "s[-1]", "s[1:]", "s[:2]", "s[::-1]",
        // Keys.
        "d[s]", "keyed[s]", "d.get(s)", "keyed.get(s, 1)", "s in d", "s not in keyed", "{s: 1}", "dict({s: 1})",
        "dict(keyed, a=1)", "namespace(keyed)", "ns[s]", "keyed == {s: 1}", "l | map(attribute=s)",
        "objects | map(attribute=s, default=1)", "objects | selectattr(s)", "objects | rejectattr(s)",
        "objects | sort(attribute=s)", "objects | join('', attribute=s)",
        // Filters on texts.
        "s | string", "s | safe", "s | trim", "spaces | trim", "s | trim(s)", "s | upper", "s | lower",
        "s | capitalize", "s | title", "s | replace('a', 'c')", "s | replace('zz', 'c')", "s | indent",
        "'a\nb' | indent(s)", "s | escape", "s | e", "s | forceescape", "s | wordcount", "s | length", "s | count",
        "s | list", "s | first", "s | last", "s | reverse", "s | tojson", "[s] | string", "[s] | tojson",
        "[1, 2] | tojson(indent=s)", "[1, 2] | tojson(separators=[s, s])", "s | int", "digits | int", "digits | float",
        "s | join('-')", "[1, 2] | join(s)", "s | sort", "s | unique", "s | min", "s | max", "s | select",
        "s | reject", "s | map('upper')", "[s] | map('upper')", "[s, t] | sort", "[s, t] | unique", "[s, t] | min",
        "[s, t] | max", "[s, t] | select('eq', u)", "[s, t] | reject('in', u)", "[s, t] | sum(start='')",
        "['a', 'b'] | map('replace', 'a', s)",
        // Formatting.
        "'%s' % s", "'%r' % s", "'%a' % s", "'%.5s' % s", "'%5s' % s", "s % [1]", "'%99999d' % 1", "'%-99999s' % 1",
        "'%.99999f' % 1.5", "'%.99999d' % 1", "'%*d' % (99999, 1)", "('%s' * 3000) % (l | tojson | list)[:3000]",
        "'%(key 1)s' % dict(d)", "'%s' | format(s)", "'%(key 1)s' | format(**d)", "s.format(1)", "'{}'.format(s)",
        "'{!r}'.format(s)", "'{!a}'.format(s)", "'{:99999}'.format(1)", "'{:.3}'.format(s)", "'{:.99999f}'.format(1.5)",
        "'{:{}}'.format('a', 99999)", "'{0[key 1]}'.format(dict(d))", "'{key 1}'.format(**d)",
        "'{key 1}'.format_map(d)",
        "'a' | center(99999)", "s | truncate(9)", "s | truncate(999999)", "digits | from_json",
        // Tests on texts.
        "s is lower", "s is upper", "s is eq t", "s is equalto t", "s is sameas t", "s is ne t", "s is in t",
        "s is in d", "s is lt t", "s is le t", "s is gt t", "s is ge t",
        // Methods of texts.
        "s.strip()", "spaces.strip()", "s.lstrip()", "s.rstrip('b')", "s.strip(s)", "s.split()", "spaces.split()",
        "s.split('c')", "s.split('b')", "s.rsplit('b', 1)", "s.split(s)", "s.splitlines()", "s.startswith(t)",
        "s.startswith((t, t))", "s.endswith(u)", "s.upper()", "s.lower()", "s.title()", "s.capitalize()",
        "s.replace('a', 'c')", "'a'.replace('a', s)", "s.join([1, 2])", "s.find('c')", "s.find('b')", "s.count('c')",
        "s.removeprefix(t)", "s.removesuffix(u)", "s.removeprefix('a')", "digits.isdigit()", "spaces.isspace()",
        "s.isalpha()", "s.isupper()", "s.islower()", "s.isalnum()", "digits.isdecimal()", "digits.isnumeric()",
        "s.isascii()", "s.swapcase()", "s.zfill(5)", "'7'.zfill(99999)", "'a'.ljust(99999)", "'a'.rjust(99999)",
        "s.center(5)", "s.rfind('c')", "s.rfind('b')", "s.index('b')", "s.rindex('b')", "s.find('c', 5)",
        "s.count('c', 0, 9)", "s.startswith('a', 2)", "s.endswith('b', 0, 2)", "s.partition('c')", "s.rpartition('a')",
        "s.split(none, 1)", "spaces.rsplit(none, 1)", "s.rsplit('b')", "s.splitlines(true)",
        // Lists.
        "l + [1]", "l * 1", "l == m", "l != m", "l < m + []", "l <= m", "'x' in l", "'x' not in l", "l[1:]", "l[::-1]",
        "l | list", "l | join", "l | reverse", "l | sort", "l | unique", "l | min", "l | max", "l | select",
        "l | reject('eq', 'x')", "l | map('length')", "l | tojson", "l | string", "l ~ ''", "l is eq m", "'x' is in l",
        "l.count('x')", "loop.changed(l)", "([1] * 3000) | sum", "range(3000)", "objects | map(attribute='a')",
        "objects | selectattr('a')", "objects | rejectattr('a')", "objects | selectattr('a', 'eq', 'x')",
        "l | groupby(0)", "objects | groupby('a')", "objects | groupby(s)", "objects | groupby('b', default=s)",
        "l | batch(2)", "l | batch(9999, 0)", "l | slice(2)", "[1] | slice(9999)", "range(*[3000])", "'a'.replace(*l)",
        // Dictionaries.
        "dict(**d)", "namespace(**d)", "{1: 2} == dict(d)",
        "d == e", "d != e", "dict(d)", "dict(d, a=1)", "namespace(d)", "d.items()", "d.keys()", "d.values()",
        "d | items", "d | dictsort", "d | dictsort(by='value')", "d | list", "d | tojson", "d | tojson(sort_keys=true)",
        "d | string", "d ~ ''", "d is eq e", "d | join", "d | sort",
        // Calls.
        "show(s ~ '')", "strftime_now(s)",
    ])
    func `an operation counts what it touches`(operation: String) throws {
        #expect(try outcome(of: "{% set x = \(operation) %}") == .limit)
        // In other places of an expression it is the same operation.
        #expect(try outcome(of: "{% if (\(operation)) is defined %}{% endif %}") == .limit)
    }

    @Test(arguments: [
        "{{ s }}", "{{ l }}", "{{ d }}", "{% for c in s %}{% endfor %}", "{% for x in l %}{% endfor %}",
        "{% for k in d %}{% endfor %}", "{% for x in l if false %}{% endfor %}", "{% set x %}{{ s }}{% endset %}",
        "{% set x | upper %}{{ s }}{% endset %}", "{% filter upper %}{{ s }}{% endfilter %}",
        "{% set n = namespace(d) %}{% set n.x = 1 %}", "{% with x = s ~ '' %}{% endwith %}",
        "{% macro n(x=s ~ '') %}{% endmacro %}{{ n() }}", "{% set ns.k = s ~ i %}", "{{ show(s | upper) }}",
        "{% macro c() %}{{ caller() }}{% endmacro %}{% call c() %}{{ s }}{% endcall %}",
        "{% macro c() %}{{ caller(s ~ '') }}{% endmacro %}{% call(x) c() %}{% endcall %}",
        "{% macro c() %}{{ varargs }}{% endmacro %}{{ c(*l) }}",
        "{% macro c() %}{{ kwargs }}{% endmacro %}{{ c(**d) }}",
        "{% for x in [1] recursive %}{{ loop(l) if x is number }}{% endfor %}",
    ])
    func `a statement counts what it touches`(statement: String) throws {
        #expect(try outcome(of: statement) == .limit)
    }

    @Test(arguments: [
        "l | length", "d | length", "l[7]", "l | first", "l | last", "d.copy()", "s is string", "l is iterable",
        "s or t",
    ])
    func `what only refers to a large value costs nothing of its size`(operation: String) throws {
        #expect(try outcome(of: "{% set x = \(operation) %}") == nil)
    }

    @Test func `names, arguments and parameters are counted`() throws {
        let names = (0..<2000).map { "a\($0)" }
        let parameters = names.joined(separator: ", ")
        let arguments = names.map { "\($0)=1" }.joined(separator: ", ")
        let macro = "{% macro many(\(parameters)) %}{% endmacro %}"
        #expect(try outcome(of: "\(macro){{ many(\(arguments)) }}") == .limit)
        let long = String(repeating: "n", count: 257)
        for source in ["{{ \(long) }}", "{{ a.\(long) }}", "{{ a | \(long) }}"] {
            let error = #expect(throws: TemplateError.self) { try ChatTemplate(source: source) }
            #expect(error?.code == .limit)
        }
    }

    @Test func `errors show a part of what is large`() throws {
        for source in [
            "{{ raise_exception(s) }}", "{{ d[s].x }}", "{{ [1] | map(s) }}", "{{ [1] | select(s) }}", "{{ s() }}",
        ] {
            let error = #expect(throws: TemplateError.self) {
                try ChatTemplate(source: source).render(variables: Self.variables())
            }
            #expect((error?.message.utf8.count ?? .max) <= 2000, "\(source)")
        }
    }

    @Test func `work ends when the caller says so, and is asked for often`() throws {
        let template = try ChatTemplate(
            source: "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}")
        var asked = 0
        let error = #expect(throws: TemplateError.self) {
            try template.render(variables: [:]) {
                asked += 1
                return asked < 4
            }
        }
        #expect(error?.code == .stopped)
        #expect(asked == 4)
    }
}
