// swift-format-ignore-file: a table of data, one case per line.

extension LanguageCases {
    /// What Python brings into Jinja: tuples, blocks that call, groups, and both ways to format, as Jinja 3.1.6 makes them of the same
    /// variables.
    static let ofPython: [(topic: String, cases: [(template: String, text: String)])] = [
        (
            "tuples",
            [
                (
                    "{{ (1, 'a', none) }} {{ (1,) }} {{ () }} {{ 1, 2 }} {{ (1, 2)[1] }} {{ (1, 2, 3)[1:] }} {{ (3, 1) | list }}",
                    "(1, 'a', None) (1,) () (1, 2) 2 (2, 3) [3, 1]"
                ),
                (
                    "{{ (1, 2) == [1, 2] }} {{ (1, 2) == (1, 2.0) }} {{ (1, 2) < (1, 3) }} {{ (1, 2) + (3,) }} {{ (1,) * 3 }} {{ 2 in (1, 2) }} {{ (1, 2) | length }}",
                    "False True True (1, 2, 3) (1, 1, 1) True 2"
                ),
                (
                    "{{ map.items() | list }} {{ {'b': 1, 'a': 2} | dictsort }} {{ {'a': 1} | items | list }} {{ (1, [2]) | tojson }}",
                    "[('z', 1), ('a', [1, {'k': None}]), ('items', 'I')] [('a', 2), ('b', 1)] [('a', 1)] [1, [2]]"
                ),
                (
                    "{{ (1, 2) is sequence }} {{ (1, 2) is iterable }} {{ (1, 2) is mapping }} {{ () or 'empty' }} {{ (1, 2, 1).count(1) }} {{ (1, 2).index(2) }}",
                    "True True False empty 2 1"
                ),
                (
                    "{% set t = (1, 2) %}{% set a, b = t %}{{ a }}{{ b }} {{ (1, (2, 3)) }} {{ [(1, 2), (0, 5)] | sort }} {{ (3, 1, 2) | sort }} {{ (1, 2) ~ '' }}",
                    "12 (1, (2, 3)) [(0, 5), (1, 2)] [1, 2, 3] (1, 2)"
                ),
                (
                    "{{ [[1, 2], [3, [4]]].1.1.0 }} {{ [(1, 2)][0].0 }}",
                    "4 1"
                ),
            ]
        ),
        (
            "calls",
            [
                (
                    "{% macro box(title) %}<{{ title }}>{{ caller() }}</>{% endmacro %}{% call box('t') %}in {{ n }}{% endcall %}",
                    "<t>in 7</>"
                ),
                (
                    "{% macro each(items) %}{% for i in items %}{{ caller(i, loop.index) }};{% endfor %}{% endmacro %}{% call(x, place, sign='!') each(list) %}{{ place }}={{ x }}{{ sign }}{% endcall %}",
                    "1=3!;2=1!;3=2!;"
                ),
                (
                    "{% macro m() %}{{ caller is defined }}{{ caller() if caller }}{% endmacro %}{{ m() }}{% call m() %}x{% endcall %}",
                    "FalseTruex"
                ),
                (
                    "{% macro outer() %}({{ caller() }}){% endmacro %}{% call outer() %}a{% call outer() %}b{{ word }}{% endcall %}{% endcall %}",
                    "(a(babcdef))"
                ),
                (
                    "{% set x = 1 %}{% macro m() %}{% set x = 2 %}{{ caller() }}{% endmacro %}{% for i in [5, 6] %}{% set y = i %}{% call m() %}{{ x }}{{ i }}{{ y }}{% set x = 9 %}{{ x }}{% endcall %}{% endfor %}{{ x }}",
                    "155916691"
                ),
                (
                    "{% macro m() %}\n[{{ caller() }}]\n{% endmacro %}\n{% call m() %}\n  a\n  {% endcall %}\nb",
                    "[  a\n]\nb"
                ),
                (
                    "{% macro m(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1) }}{{ m(1, 2, 3) }}{{ m(1, b=2, c='x') }}{{ m(a=1, d=4) }}",
                    "1(){}1(2, 3){}1(){'b': 2, 'c': 'x'}1(){'d': 4}"
                ),
                (
                    "{% macro m(a, b=2, c=3) %}{{ a }}{{ b }}{{ c }} {% endmacro %}{{ m(*[7, 8]) }}{{ m(*(4, 5, 6)) }}{{ m(1, **{'c': 9}) }}{{ m(*[1], **{'b': 0}) }}{{ m(1, *[5]) }}",
                    "783 456 129 103 153 "
                ),
                (
                    "{{ dict({'a': 1}, **{'b': 2}) }} {{ 'x y'.split(*[' ']) }} {% set ns = namespace(**{'q': 5}) %}{{ ns.q }}",
                    "{'a': 1, 'b': 2} ['x', 'y'] 5"
                ),
                (
                    "{% macro m(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ m(3) }}{{ m(3, 4) }}",
                    "3334"
                ),
                (
                    "{% macro t(x) %}{% call l(x) %}{{ x }}{% endcall %}{% endmacro %}{% macro l(y) %}[{{ y }}{{ caller() }}]{% endmacro %}{{ t(1) }}{{ t(2) }}",
                    "[11][22]"
                ),
                (
                    "{% macro wrap(x, caller=none) %}{{ x }}{{ caller() if caller else '-' }}{% endmacro %}{{ wrap(1) }}{% call wrap(2) %}c{% endcall %}",
                    "1-2c"
                ),
                (
                    "{% macro m() %}{{ caller('v') }}{% endmacro %}{% call(a, b=a ~ '2') m() %}{{ a }}{{ b }}{% endcall %}",
                    "vv2"
                ),
            ]
        ),
        (
            "recursive loops",
            [
                (
                    "{% for x in [{'v': 1, 'c': [{'v': 2}, {'v': 3, 'c': [{'v': 4}]}]}] recursive %}{{ x.v }}/{{ loop.depth }}{{ loop.depth0 }}{{ loop.index }}[{{ loop(x.c) if x.c }}]{% endfor %}",
                    "1/101[2/211[]3/212[4/321[]]]"
                ),
                (
                    "{% set q = 0 %}{% for x in [[1, [2]], [3]] recursive %}{% if x is iterable %}({{ loop(x) }}){% else %}{{ x }}{{ q }}{% set q = x %}{% endif %}{% endfor %}",
                    "(10(20))(30)"
                ),
                (
                    "{% for x in [1, [2, 3], 4] if x != 99 recursive %}{% if x is number %}{% for y in ['a'] %}{{ x }}{{ y }}{{ loop.depth }}{% endfor %}{% else %}<{{ loop(x) }}>{% endif %}{% endfor %}",
                    "1a1<2a13a1>4a1"
                ),
            ]
        ),
        (
            "groups",
            [
                (
                    "{% for age, group in people | groupby('age') %}{{ age }}:{{ group | map(attribute='name') | join(',') }};{% endfor %}",
                    "25:bob;30:Ann,Cy;"
                ),
                (
                    "{% for g in people | groupby('age') %}{{ g.grouper }}{{ g.list | length }}{{ g[0] }}{{ g[1][0].name }} {% endfor %}",
                    "25125bob 30230Ann "
                ),
                (
                    "{{ people | groupby('pet.kind', default='none') | map('first') | list }} {{ words | groupby(0) | list }}",
                    "['cat', 'none'] [('A', ['A', 'a']), ('b', ['b']), ('c', ['c'])]"
                ),
                (
                    "{{ words | groupby(0, case_sensitive=true) | list }} {{ [] | groupby('a') | list }} {{ people | map(attribute='age') | groupby('real') | list if false }}",
                    "[('A', ['A']), ('a', ['a']), ('b', ['b']), ('c', ['c'])] [] "
                ),
                (
                    "{{ [{'a': 'x', 'b': 1}, {'a': 'X', 'b': 2}, {'a': 'y', 'b': 3}] | groupby('a') | list }}",
                    "[('x', [{'a': 'x', 'b': 1}, {'a': 'X', 'b': 2}]), ('y', [{'a': 'y', 'b': 3}])]"
                ),
                (
                    "{% for g in people | groupby(attribute='age') if g.grouper > 26 %}{{ g.list[0].name }}{% endfor %}",
                    "Ann"
                ),
                (
                    "{{ [1, 2, 3, 4, 5] | batch(2) | list }} {{ [1, 2, 3] | batch(2, 'x') | list }} {{ 'abcde' | batch(3) | list }} {{ [] | batch(2) | list }} {{ [1, 2] | batch(9, 0) | list }}",
                    "[[1, 2], [3, 4], [5]] [[1, 2], [3, 'x']] [['a', 'b', 'c'], ['d', 'e']] [] [[1, 2, 0, 0, 0, 0, 0, 0, 0]]"
                ),
                (
                    "{{ [1, 2, 3, 4, 5] | slice(2) | list }} {{ [1, 2, 3] | slice(2, 'x') | list }} {{ [1] | slice(3) | list }} {{ [1, 2] | slice(2, 'y') | list }}",
                    "[[1, 2, 3], [4, 5]] [[1, 2], [3, 'x']] [[1], [], []] [[1, 'y'], [2, 'y']]"
                ),
                (
                    "{% for row in range(7) | batch(3, '-') %}{% for x in row %}{{ x }}{% endfor %}|{% endfor %}",
                    "012|345|6--|"
                ),
            ]
        ),
        (
            "formatting with percent",
            [
                (
                    "{{ '%s is %d' % ('x', 5) }} {{ '%s' % 'a' }} {{ '%s' % 3.0 }} {{ '%s %s' % (none, true) }} {{ '%r %r' % ('a', 1.5) }} {{ '%s' % [1, 'b'] }} {{ '%s' % ([1, 2],) }}",
                    "x is 5 a 3.0 None True 'a' 1.5 [1, 'b'] [1, 2]"
                ),
                (
                    "[{{ '%5d|%-5d|%05d|%+d|% d|%5.3d' % (42, 42, 42, 42, 42, 7) }}] [{{ '%d' % 3.99 }}] [{{ '%d' % true }}] [{{ '%i%u' % (1, 2) }}] [{{ '%d' % -7 }}] [{{ '%06d' % -42 }}]",
                    "[   42|42   |00042|+42| 42|  007] [3] [1] [12] [-7] [-00042]"
                ),
                (
                    "{{ '%f|%.2f|%8.3f|%-8.1f|%08.2f|%+.0f|%.0f|%.0f' % (1.5, 2.675, 3.14159, 2.25, -1.5, 2.5, 0.5, 1.5) }} {{ '%.3f' % 2 }} {{ '%#.0f' % 3 }}",
                    "1.500000|2.67|   3.142|2.2     |-0001.50|+2|0|2 2.000 3."
                ),
                (
                    "{{ '%x|%X|%#x|%o|%#o|%#X|%08x' % (255, 255, 255, 8, 8, 10, 48879) }} {{ '%x' % -255 }}",
                    "ff|FF|0xff|10|0o10|0XA|0000beef -ff"
                ),
                (
                    "{{ '%e|%.2e|%E|%.0e|%g|%g|%g|%g|%G|%#g|%.3g' % (12345.678, 0.00012, 1.5, 3, 1e-5, 123456789.0, 0.0001, 100000.0, 1e-10, 1.5, 1234.5) }}",
                    "1.234568e+04|1.20e-04|1.500000E+00|3e+00|1e-05|1.23457e+08|0.0001|100000|1E-10|1.50000|1.23e+03"
                ),
                (
                    "{{ '%(a)s-%(b)03d-%(a)s' % {'a': 'x', 'b': 7} }} {{ '%(k)s' % map if false }} {{ '%s' % {'a': 1} }} {{ 'plain' % {} }} {{ 'plain' % [] }} {{ '%%' % () }} {{ '100%%' % () }}",
                    "x-007-x  {'a': 1} plain plain % 100%"
                ),
                (
                    "[{{ '%10s|%-10s|%.2s|%10.3s' % ('abc', 'abc', 'abc', 'abcdef') }}] [{{ '%*d|%-*d|%.*f' % (5, 1, 4, 2, 2, 3.14159) }}] [{{ '%c%c' % (97, 'b') }}] {{ '%a' % 'é😀' }}",
                    "[       abc|abc       |ab|       abc] [    1|2   |3.14] [ab] '\\xe9\\U0001f600'"
                ),
                (
                    "{{ '%s and %s' | format('a', 2) }} {{ '%(x)s' | format(x=5) }} {{ '%.1f%%' | format(12.34) }} {{ 5 | format }}",
                    "a and 2 5 12.3% 5"
                ),
                (
                    "{{ '%.20f' % 0.1 }} {{ '%.3f' % 1e22 }} {{ '%.1f' % 1e300 | length if false }} {{ '%.2f' % 1e15 }} {{ '%.15g' % 0.1 }} {{ '%.17g' % 0.1 }} {{ '%g' % 0 }} {{ '%e' % 0 }} {{ '%f' % -0.0 }}",
                    "0.10000000000000000555 10000000000000000000000.000  1000000000000000.00 0.1 0.10000000000000001 0 0.000000e+00 -0.000000"
                ),
                (
                    "{{ '%5.1f|%5s|%-6r|' % (9.96, 'é', 'a') }} {{ '%s' % undefined_thing }}| {{ '%ld %hd' % (1, 2) }} {{ '%.0e' % 2500000.0 }} {{ '%.1e' % 9.96 }} {{ '%.4g' % 0.00001234567 }} {{ '%g' % 1e16 }}",
                    " 10.0|    é|'a'   | | 1 2 2e+06 1.0e+01 1.235e-05 1e+16"
                ),
                (
                    "{{ '%f %d' % (1e999, 1) }} {{ '%F' % -1e999 }} {{ '%5.1f|' % 1e999 }} {{ '%s' % 1e999 }} {{ '%.3s|' % 12345 }}",
                    "inf 1 -INF   inf| inf 123|"
                ),
            ]
        ),
        (
            "formatting with the method",
            [
                (
                    "{{ '{} {}'.format(1, 'a') }} {{ '{1}{0}{1}'.format('x', 'y') }} {{ '{a}-{b}'.format(a=1, b=none) }} {{ '{{}} {}'.format(2) }} {{ '{0[k]} {0[1]}'.format({'k': 5, '1': 6}) if false }} {{ '{0[k]}'.format({'k': 5}) }} {{ '{0[1]}'.format([7, 8]) }} {{ '{0.k}'.format({'k': 5}) }}",
                    "1 a yxy 1-None {} 2  5 8 5"
                ),
                (
                    "[{{ '{:5}|{:<5}|{:>5}|{:^5}|{:*^7}|{:5}'.format(42, 42, 'a', 'ab', 'mid', 'x') }}] {{ '{!r} {!s} {!a}'.format('a', 'b', 'é') }} {{ '{!r:>6}|'.format('a') }}",
                    "[   42|42   |    a| ab  |**mid**|x    ] 'a' b '\\xe9'    'a'|"
                ),
                (
                    "{{ '{:d} {:05d} {:+d} {: d} {:,} {:_} {:x} {:X} {:#x} {:b} {:#b} {:o} {:c}'.format(5, 42, 7, 7, 1234567, 1234567, 255, 255, 255, 5, 5, 8, 65) }} {{ '{:_x}'.format(1048575) }} {{ '{:>+6d}|{:=+6d}|{:<06d}|{:^6}'.format(3, 3, 3, true) }}",
                    "5 00042 +7  7 1,234,567 1_234_567 ff FF 0xff 101 0b101 10 A f_ffff     +3|+    3|300000|  1   "
                ),
                (
                    "{{ '{:.2f} {:8.3f} {:e} {:.1e} {:g} {:g} {:%} {:.1%} {:,.2f} {:+.1f} {:010.2f}'.format(3.14159, 2.5, 12345.678, 0.00012, 1e-5, 100000.0, 0.25, 0.1234, 1234567.891, 2.25, -3.14159) }}",
                    "3.14    2.500 1.234568e+04 1.2e-04 1e-05 100000 25.000000% 12.3% 1,234,567.89 +2.2 -000003.14"
                ),
                (
                    "{{ '{} {} {} {}'.format(1.0, 1e16, 0.1, 123456789.0) }} {{ '{:.3} {:.3} {:.3} {:.10} {:8}|{:.1}'.format(3.0, 1234.5, 0.00012345, 0.1, 2.5, 3.14) }} {{ '{:.2}|{:5.1}|'.format('abc', 'abc') }}",
                    "1.0 1e+16 0.1 123456789.0 3.0 1.23e+03 0.000123 0.1      2.5|3e+00 ab|a    |"
                ),
                (
                    "{{ '{:{}}|{:{w}.{p}f}'.format('a', 4, 2.5, w=7, p=2) }} {{ '{:>{w}}'.format(1, w=5) }} {{ '{0:>{1}}'.format('x', 3) }}",
                    "a   |   2.50     1   x"
                ),
                (
                    "{{ '{}'.format(none) }} {{ '{}'.format([1, 'a']) }} {{ '{}'.format({'a': (1, 2)}) }} {{ '{}'.format(undefined_thing) }}| {{ '{!r}'.format('it\\'s') }} {{ '{a.b[0]}'.format(a={'b': [9]}) }} {{ '{a}'.format_map({'a': 3}) }}",
                    "None [1, 'a'] {'a': (1, 2)} | \"it's\" 9 3"
                ),
                (
                    "{{ '{:,}'.format(123) }} {{ '{:,}'.format(-1234) }} {{ '{:,.1f}'.format(0.5) }} {{ '{:n}'.format(1234) }} {{ '{:#.3g}'.format(1.0) }} {{ '{:g}'.format(123456) }} {{ '{:.0f}'.format(0.5) }} {{ '{:.0%}'.format(0.125) }} {{ '{:f}'.format(3) }}",
                    "123 -1,234 0.5 1234 1.00 123456 0 12% 3.000000"
                ),
                (
                    "{{ '{:>5}|{:<5}|{}'.format(true, false, true) }} {{ '{:é>3}'.format('a') }} {{ '{:0>3}{:05}'.format('a', 'b') }} {{ '{:05}|{:05.1f}|{:<05}'.format(-3, -3.14, 7) }} {{ '{}'.format('%s') }} {{ '{:s}'.format('q') }}",
                    "    1|0    |True ééa 00ab0000 -0003|-03.1|70000 %s q"
                ),
            ]
        ),
        (
            "more of texts",
            [
                (
                    "[{{ 'ab' | center(7) }}] [{{ 'abc' | center(6) }}] [{{ 'ab'.center(5, '*') }}] [{{ 'abc'.center(8, '-') }}] [{{ 'a'.ljust(3) }}] [{{ 'a'.rjust(3, '.') }}] [{{ '-42'.zfill(6) }}] [{{ '7'.zfill(3) }}] [{{ '+'.zfill(3) }}] [{{ 'abc'.center(2) }}]",
                    "[   ab  ] [ abc  ] [**ab*] [--abc---] [a  ] [..a] [-00042] [007] [+00] [abc]"
                ),
                (
                    "{{ 'foo bar baz qux' | truncate(9) }} {{ 'foo bar baz qux' | truncate(9, true) }} {{ 'foo bar baz qux' | truncate(11) }} {{ 'foo bar baz qux' | truncate(11, false, '…', 0) }} {{ 'foobarbazquxfoo' | truncate(9, end='!', leeway=0) }} {{ 'abc' | truncate(3) }}",
                    "foo... foo ba... foo bar baz qux foo bar… foobarba! abc"
                ),
                (
                    "{{ 'abcabc'.find('c', 3) }} {{ 'abcabc'.find('a', 1, 3) }} {{ 'abcabc'.rfind('b') }} {{ 'aaa'.rfind('aa') }} {{ 'abc'.index('c') }} {{ 'abab'.rindex('ab') }} {{ 'äöä'.rfind('ä') }} {{ 'abc'.find('') }} {{ 'abc'.rfind('') }} {{ 'abcabc'.count('a', 1) }} {{ 'abc'.count('') }} {{ 'abc'.find('c', -1) }} {{ 'abc'.find('', 9) }}",
                    "5 -1 4 1 2 2 2 0 3 1 4 2 -1"
                ),
                (
                    "{{ 'a=b=c'.partition('=') }} {{ 'a=b=c'.rpartition('=') }} {{ 'abc'.partition('=') }} {{ 'abc'.rpartition('=') }} {{ 'k: v'.partition(': ')[2] }}",
                    "('a', '=', 'b=c') ('a=b', '=', 'c') ('abc', '', '') ('', '', 'abc') v"
                ),
                (
                    "{{ ' a  b c '.split(none, 1) }} {{ ' a  b c '.rsplit(none, 1) }} {{ 'a b'.split(maxsplit=0) }} {{ '  '.split() }} {{ 'a  '.split(none, 1) }} {{ '  a'.rsplit(none, 1) }} {{ 'aaa'.rsplit('aa', 1) }} {{ 'a.b.c'.rsplit('.', 1) }} {{ 'a.b.c'.split('.', 0) }}",
                    "['a', 'b c '] [' a  b', 'c'] ['a b'] [] ['a'] ['a'] ['a', ''] ['a.b', 'c'] ['a.b.c']"
                ),
                (
                    "{{ 'a\\nb\\r\\nc'.splitlines(true) }} {{ 'a\\n'.splitlines(keepends=true) }} {{ 'aBc'.swapcase() }} {{ 'a1'.isalnum() }} {{ 'a-'.isalnum() }} {{ '12'.isdecimal() }} {{ '½'.isnumeric() }} {{ 'é'.isascii() }} {{ ''.isascii() }}",
                    "['a\\n', 'b\\r\\n', 'c'] ['a\\n'] AbC True False True True False True"
                ),
                (
                    "{{ 'abcd'.startswith('c', 2) }} {{ 'abcd'.startswith('b', 2) }} {{ 'abcd'.endswith('b', 0, 2) }} {{ 'abcd'.startswith(('x', 'b'), 1) }}",
                    "True False True True"
                ),
            ]
        ),
        (
            "more of lists and tests",
            [
                (
                    "{{ people | selectattr('age', '==', 30) | map(attribute='name') | list }} {{ list | select('>=', 2) | list }} {{ list | reject('!=', 1) | list }} {{ list | select('<', 2) | list }} {{ list | select('<=', 1) | list }} {{ list | select('>', 2) | list }} {{ list | select('ne', 1) | list }}",
                    "['Ann', 'Cy'] [3, 2] [1] [1] [1] [3] [3, 2]"
                ),
                (
                    "{{ null | selectattr('x') | list }} {{ none | map('upper') | list }} {{ 0 | select | list }} {{ null | reject('odd') | list }} {{ '' | map(attribute='x') | list }}",
                    "[] [] [] [] []"
                ),
                (
                    "{{ 1 is sameas true }} {{ true is sameas true }} {{ none is sameas none }} {{ 1 is sameas 1.0 }} {{ 1 is eq true }}",
                    "False True True False True"
                ),
                (
                    "{{ {1: 'a', 2.5: 'b', true: 'c', none: 'd', 'x': 'e'} }} {{ {1: 'a'}[1] }} {{ {1: 'a'}[1.0] }} {{ {none: 'a'}[none] }} {{ {1: 'a'}.get(2, 'no') }} {{ 2 in {1: 'a', 2: 'b'} }} {{ {2: 'b', 1: 'a'} | tojson }} {{ {true: 1, none: 2, 1.5: 3} | tojson }}",
                    "{1: 'c', 2.5: 'b', None: 'd', 'x': 'e'} a a a no True {\"2\": \"b\", \"1\": \"a\"} {\"true\": 1, \"null\": 2, \"1.5\": 3}"
                ),
                (
                    "{% for k, v in {512: 1, 0: 2} | dictsort %}{{ k }}={{ v }};{% endfor %}{% for k in {3: 1} %}{{ k + 1 }}{% endfor %} {{ {1: 2}.items() | list }} {{ {1: 2} == {1.0: 2} }} {{ {1: 2}.keys() | list }}",
                    "0=2;512=1;4 [(1, 2)] True [1]"
                ),
                (
                    "{{ 9007199254740994.0 }} {{ 9999999999999998.0 }} {{ [9007199254740994.0] | tojson }}",
                    "9007199254740994.0 9999999999999998.0 [9007199254740994.0]"
                ),
            ]
        ),
    ]

    /// Templates that can be read and fail when rendered, in Jinja too.
    static let failingOfPython: [String] = [
        "{{ '%d' % 'a' }}",
        "{{ '%s %s' % 'a' }}",
        "{{ '%s' % (1, 2) }}",
        "{{ '%(a)s' % 5 }}",
        "{{ '%(a)s' % {'b': 1} }}",
        "{{ '%y' % 1 }}",
        "{{ '%' % 1 }}",
        "{{ '%(a' % {} }}",
        "{{ '%x' % 1.5 }}",
        "{{ '%f' % 'a' }}",
        "{{ '%c' % 'ab' }}",
        "{{ '%*d' % ('a', 1) }}",
        "{{ 'a' % 1 }}",
        "{{ '{' .format(1) }}",
        "{{ '}'.format(1) }}",
        "{{ '{}'.format() }}",
        "{{ '{1}'.format(0) }}",
        "{{ '{a}'.format(1) }}",
        "{{ '{0} {}'.format(1, 2) }}",
        "{{ '{} {0}'.format(1, 2) }}",
        "{{ '{!x}'.format(1) }}",
        "{{ '{!r'.format(1) }}",
        "{{ '{:d}'.format('a') }}",
        "{{ '{:s}'.format(1) }}",
        "{{ '{:.2d}'.format(1) }}",
        "{{ '{:5}'.format(none) }}",
        "{{ '{:5}'.format([1]) }}",
        "{{ '{:q}'.format(1) }}",
        "{{ '{:5dd}'.format(1) }}",
        "{{ '{:{:{}}}'.format(1, 2, 3) }}",
        "{{ '{0[}'.format([1]) }}",
        "{{ '{0.}'.format([1]) }}",
        "{{ '{:=5}'.format('a') }}",
        "{{ '{:,}'.format('a') }}",
        "{{ '{:,x}'.format(1) }}",
        "{{ '{:.}'.format(1.5) }}",
        "{% macro m() %}{% endmacro %}{% call m() %}{% endcall %}",
        "{% call range(3) %}{% endcall %}",
        "{% call word.upper() %}{% endcall %}",
        "{% macro m() %}{{ caller() }}{% endmacro %}{{ m() }}",
        "{% macro m() %}{{ caller(1) }}{% endmacro %}{% call m() %}{% endcall %}",
        "{% for x in list %}{{ loop([1]) }}{% endfor %}",
        "{% for x in [[1]] recursive %}{{ loop() }}{% endfor %}",
        "{% for x in [1] recursive %}{{ loop(x) }}{% endfor %}",
        "{{ people | groupby }}",
        "{{ people | groupby('pet') }}",
        "{{ list | batch(0) }}",
        "{{ list | slice(0) }}",
        "{{ 5 | batch(2) | list }}",
        "{{ 'abc' | truncate(1) }}",
        "{{ [1] + (2,) }}",
        "{{ (1,) < [1] }}",
        "{{ {[1]: 2} }}",
        "{{ dict(*[1]) }}",
        "{{ dict(**{1: 2}) }}",
        "{{ dict(**5) }}",
        "{{ range(*5) }}",
        "{{ 'a'.partition('') }}",
        "{{ 'abc'.index('x') }}",
        "{{ 'abc'.rindex('x') }}",
        "{{ 'abc'.zfill('x') }}",
        "{{ 'a'.center(9, 'ab') }}",
        "{{ 'a'.find('a', 'b') }}",
        "{{ {'a': 1} | tojson | from_json }}x{{ 'x' | from_json }}",
    ]

    /// Templates that cannot be read.
    static let unreadableOfPython: [String] = [
        "{% call %}{% endcall %}",
        "{% call m %}{% endcall %}",
        "{% call(a m() %}{% endcall %}",
        "{% call m() %}",
        "{% call m() %}{% endmacro %}",
        "{{ m(**a, b) }}",
        "{{ m(**a, b=1) }}",
        "{{ m(*a, *b) }}",
        "{{ m(*a, b) }}",
        "{{ m(*) }}",
        "{% for x in [1] recursive x %}{% endfor %}",
        "{% for x in [1] %}{% call m() %}{% break %}{% endcall %}{% endfor %}",
        "{% endcall %}",
    ]
}
