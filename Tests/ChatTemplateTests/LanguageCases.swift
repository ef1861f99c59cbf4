// swift-format-ignore-file: a table of data, one case per line.

/// Small templates with what Jinja 3.1.6 (sandboxed, `trim_blocks`, `lstrip_blocks`, loop controls) makes of them.
enum LanguageCases {
    /// The variables of all cases, as JSON.
    static let variables = #"""
        {"n": 7, "pi": 3.5, "text": "  Hello Wörld 😀\t\n", "word": "abcdef", "empty": "", "null": null, "yes": true, "list": [3, 1, 2], "words": ["b", "A", "c", "a"],
         "map": {"z": 1, "a": [1, {"k": null}], "items": "I"}, "people": [{"name": "Ann", "age": 30, "pet": {"kind": "cat"}}, {"name": "bob", "age": 25}, {"name": "Cy", "age": 30}], "lines": "one\ntwo\n\nthree"}
        """#

    static let rendered: [(topic: String, cases: [(template: String, text: String)])] = [
        (
            "white space",
            [
                (
                    "a\n{% if yes %}\nb\n{% endif %}\nc\n\n",
                    "a\nb\nc\n"
                ),
                (
                    "a\n  {% if yes %}\n  b\n  {% endif %}\nc",
                    "a\n  b\nc"
                ),
                (
                    "a \n {%- if yes -%} \n b \n {%- endif -%} \n c",
                    "abc"
                ),
                (
                    "  {{ n }}  \n  {# comment #}  \n x",
                    "  7  \n  \n x"
                ),
                (
                    "a\n  {#- c -#}  \n b",
                    "ab"
                ),
                (
                    "x {% if yes %} y {% endif %} z",
                    "x  y  z"
                ),
                (
                    "a\n  {%+ if yes %}\n b{% endif +%}\n c",
                    "a\n   b\n c"
                ),
                (
                    "{% if yes +%}\nb{% endif %}",
                    "\nb"
                ),
                (
                    "a\r\nb\rc{{ '\\r' }}\r\n",
                    "a\nb\nc\r"
                ),
                (
                    "{% raw %}{{ n }}{% endraw %}",
                    "{{ n }}"
                ),
                (
                    "a {%- raw -%} {{ x }} {%- endraw -%} b",
                    "a{{ x }}b"
                ),
                (
                    "  {% raw %}\n {% if %} {% endraw %}\n x",
                    "\n {% if %}  x"
                ),
                (
                    "{% for i in list %}\n  {{ i }}\n{% endfor %}\n",
                    "  3\n  1\n  2\n"
                ),
                (
                    "{{- n -}}  \n x \n {{- n }}",
                    "7x7"
                ),
                (
                    "\n\n{% if yes %}a{% endif %}\n\n",
                    "\n\na"
                ),
                (
                    "{{ '}}' }}{{ {'a': {'b': 1}}['a']['b'] }}{{ '%}' }}",
                    "}}1%}"
                ),
                (
                    "a\n  {% raw %}\n  b\n  {% endraw %}\n c",
                    "a\n\n  b\n c"
                ),
                (
                    "a {% raw %} b {% endraw %} c{% raw -%}  d  {%- endraw %}",
                    "a  b  cd"
                ),
                (
                    "{#\n multi\n line #}\nx",
                    "x"
                ),
                (
                    "{% set x = 1 %}\n\n  {% set y = 2 %}\n  {{ x }}{{ y }}",
                    "\n  12"
                ),
                (
                    "\t{% if yes %}\ta{% endif %}",
                    "\ta"
                ),
                (
                    "a\n \u{a0}{% if yes %}b{% endif %}",
                    "a\nb"
                ),
            ]
        ),
        (
            "literals and escapes",
            [
                (
                    "{{ 'a\\nb\\t\\\\\\'\\x41\\u00e9\\q' }}",
                    "a\nb\t\\'Aé\\q"
                ),
                (
                    "{{ \"it's\" \"joined\" }}",
                    "it'sjoined"
                ),
                (
                    "{{ 1_000 }} {{ 1.5e3 }} {{ 2e-7 }} {{ 1e16 }} {{ 123456789.0 }} {{ 0.1 + 0.2 }}",
                    "1000 1500.0 2e-07 1e+16 123456789.0 0.30000000000000004"
                ),
                (
                    "{{ [1, 'a', none, true, 1.0, [], {}, {'a': \"it's\"}] }}",
                    "[1, 'a', None, True, 1.0, [], {}, {'a': \"it's\"}]"
                ),
                (
                    "{{ (1, 2) | list }} {{ [1,] }} {{ {'a': 1,} }}",
                    "[1, 2] [1] {'a': 1}"
                ),
                (
                    "{{ True }} {{ none }} {{ None }} {{ false }}",
                    "True None None False"
                ),
                (
                    "{{ undefined_thing }}|{{ map.nothing }}|{{ list[9] }}",
                    "||"
                ),
                (
                    "{{ ['a\\n\\t\\\\é\\x01'] }}",
                    "['a\\n\\t\\\\é\\x01']"
                ),
            ]
        ),
        (
            "arithmetic",
            [
                (
                    "{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 // -2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 7 / 2 }} {{ 6 / 2 }}",
                    "3 -4 -4 1 2 -2 3.5 3.0"
                ),
                (
                    "{{ 2 ** 10 }} {{ 2 ** -1 }} {{ 2 ** 3 ** 2 }} {{ -2 ** 2 }}",
                    "1024 0.5 64 4"
                ),
                (
                    "{{ 1 + 2 * 3 - 4 }} {{ (1 + 2) * 3 }} {{ 10 - 3 - 2 }}",
                    "3 9 5"
                ),
                (
                    "{{ 7.5 // 2 }} {{ -7.5 % 2 }} {{ 1.5 * 2 }} {{ 3 + pi }}",
                    "3.0 0.5 3.0 6.5"
                ),
                (
                    "{{ 'a' ~ 1 ~ none ~ 2.0 ~ true }}",
                    "a1None2.0True"
                ),
                (
                    "{{ 'ab' * 3 }} {{ 2 * 'x' }} {{ [1] * 2 + [3] }}",
                    "ababab xx [1, 1, 3]"
                ),
                (
                    "{{ true + true }} {{ 1 ~ (2 + 3) }} {{ - n }} {{ +n }} {{ --n }}",
                    "2 15 -7 7 7"
                ),
                (
                    "{{ 5 - 2 * 1 }} {{ (2 * 3) ~ 4 }}",
                    "3 64"
                ),
            ]
        ),
        (
            "comparison and logic",
            [
                (
                    "{{ 1 == 1.0 }} {{ true == 1 }} {{ '1' == 1 }} {{ none == false }} {{ [1, 2] == [1, 2.0] }} {{ {'a': 1, 'b': 2} == {'b': 2, 'a': 1} }}",
                    "True True False False True True"
                ),
                (
                    "{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 'a' < 'b' }} {{ 'Z' < 'a' }} {{ [1, 2] < [1, 3] }} {{ 2 >= 2 }} {{ 3 != 3 }}",
                    "True False True True True True False"
                ),
                (
                    "{{ 0 or 'x' }} {{ 1 and 'y' }} {{ '' and 1 }}|{{ not '' }} {{ not not 1 }} {{ none or [] }}",
                    "x y |True True []"
                ),
                (
                    "{{ 'b' in word }} {{ 'x' not in word }} {{ 3 in list }} {{ 'z' in map }} {{ '' in word }} {{ not 1 in list }} {{ 1 in undefined_thing }}",
                    "True True True True True False False"
                ),
                (
                    "{{ 'y' if n > 5 else 'n' }} {{ 'y' if n > 9 }}| {{ 1 if false else 2 if false else 3 }}",
                    "y | 3"
                ),
                (
                    "{{ n is defined and n is not none }} {{ not n is string }} {{ 'a' ~ 'b' is string }}",
                    "True True aTrue"
                ),
                (
                    "{{ a is defined or n == 7 and not false }}",
                    "True"
                ),
            ]
        ),
        (
            "tests",
            [
                (
                    "{{ n is number }} {{ yes is number }} {{ yes is boolean }} {{ n is integer }} {{ pi is float }} {{ word is string }} {{ map is mapping }} {{ list is sequence }} {{ map is sequence }} {{ word is iterable }} {{ n is iterable }} {{ none is iterable }} {{ nothing is iterable }}",
                    "True True True True True True True True True True False False True"
                ),
                (
                    "{{ null is none }} {{ null is defined }} {{ nothing is undefined }} {{ yes is true }} {{ n is true }} {{ yes is false }}",
                    "True True True True False False"
                ),
                (
                    "{{ 4 is even }} {{ 4 is odd }} {{ 9 is divisibleby 3 }} {{ 9 is divisibleby(2) }} {{ 1 is eq 1 }} {{ 1 is equalto(2) }} {{ 1 is ne 2 }} {{ 2 is in list }} {{ 2 is in [1] }} {{ 3 is gt 2 }} {{ 3 is le 2 }} {{ none is sameas none }}",
                    "True False True False True False True True False True False True"
                ),
                (
                    "{{ 'abc' is lower }} {{ 'ABC' is upper }} {{ 'aB' is lower }} {{ range is callable }} {{ n is callable }}",
                    "True True False True False"
                ),
                (
                    "{{ n is not string and word is string }} {{ 'x' if n is string else 'y' }}",
                    "True y"
                ),
            ]
        ),
        (
            "texts",
            [
                (
                    "[{{ text.strip() }}] [{{ text | trim }}] [{{ text.lstrip() }}] [{{ text.rstrip() }}]",
                    "[Hello Wörld 😀] [Hello Wörld 😀] [Hello Wörld 😀\t\n] [  Hello Wörld 😀]"
                ),
                (
                    "{{ 'xxabxx'.strip('x') }} {{ 'xyabyx' | trim('xy') }} {{ 'abc'.rstrip('cb') }}",
                    "ab ab a"
                ),
                (
                    "{{ 'a,b,,c'.split(',') }} {{ ' a  b '.split() }} {{ 'a,b,c'.split(',', 1) }} {{ 'a,b,c'.rsplit(',', 1) }} {{ '</think>x'.split('</think>')[-1] }}",
                    "['a', 'b', '', 'c'] ['a', 'b'] ['a', 'b,c'] ['a,b', 'c'] x"
                ),
                (
                    "{{ word.startswith('ab') }} {{ word.endswith('ef') }} {{ word.startswith('b') }} {{ word.startswith(('x', 'a')) }}",
                    "True True False True"
                ),
                (
                    "{{ word.upper() }} {{ 'ÄB ß'.lower() }} {{ 'straße' | upper }} {{ 'hello wORLD x1y' | title }} {{ 'hELLO w' | capitalize }} {{ 'they are'.title() }}",
                    "ABCDEF äb ß STRASSE Hello World X1y Hello w They Are"
                ),
                (
                    "{{ word.replace('c', 'XX') }} {{ 'aaa' | replace('a', 'b', 2) }} {{ 'aaa'.replace('a', '', 1) }}",
                    "abXXdef bba aa"
                ),
                (
                    "{{ word[1:3] }} {{ word[-2:] }} {{ word[::-1] }} {{ word[::2] }} {{ word[4:1:-1] }} {{ word[10:] }}|{{ word[-1] }}{{ word[0] }}",
                    "bc ef fedcba ace edc |fa"
                ),
                (
                    "{{ '-'.join(['a', 'b']) }} {{ word.find('d') }} {{ word.find('x') }} {{ 'aXaXa'.count('a') }} {{ '12'.isdigit() }} {{ ' '.isspace() }} {{ 'a1'.isalpha() }}",
                    "a-b 3 -1 3 True True False"
                ),
                (
                    "{{ 'e\\u0301😀' | length }} {{ '\\r\\n' | length }} {{ ('e\\u0301' == '\\u00e9') }} {{ '\\r\\na'[1:] | tojson }}",
                    "3 2 False \"\\na\""
                ),
                (
                    "{{ 'a\\nb\\r\\nc'.splitlines() }} {{ 'prefix'.removeprefix('pre') }} {{ 'suffix'.removesuffix('fix') }}",
                    "['a', 'b', 'c'] fix suf"
                ),
                (
                    "{{ lines | indent }}|{{ lines | indent(2, true) }}|{{ lines | indent(2, false, true) }}|{{ lines | indent('>> ') }}",
                    "one\n    two\n\n    three|  one\n  two\n\n  three|one\n  two\n  \n  three|one\n>> two\n\n>> three"
                ),
                (
                    "{{ '<a href=\"x\">\\'&' | e }} {{ 'a b  c' | wordcount }} {{ 'abc' | reverse }} {{ 'abc' | list }} {{ 'abc' | first }}{{ 'abc' | last }}",
                    "&lt;a href=&#34;x&#34;&gt;&#39;&amp; 3 cba ['a', 'b', 'c'] ac"
                ),
                (
                    "{{ '%s' }}",
                    "%s"
                ),
                (
                    "{{ ''.join(words) }}{{ word.strip().upper().lower() }}",
                    "bAcaabcdef"
                ),
            ]
        ),
        (
            "lists",
            [
                (
                    "{{ list | sort }} {{ list | sort(reverse=true) }} {{ words | sort }} {{ words | sort(case_sensitive=true) }} {{ list | reverse | list }}",
                    "[1, 2, 3] [3, 2, 1] ['A', 'a', 'b', 'c'] ['A', 'a', 'b', 'c'] [2, 1, 3]"
                ),
                (
                    "{{ list | first }} {{ list | last }} {{ [] | first }}|{{ list | length }} {{ list | count }} {{ list | sum }} {{ list | min }} {{ list | max }}",
                    "3 2 |3 3 6 1 3"
                ),
                (
                    "{{ list | join }} {{ list | join(', ') }} {{ people | join('/', attribute='name') }} {{ [1, none, 'a'] | join('-') }}",
                    "312 3, 1, 2 Ann/bob/Cy 1-None-a"
                ),
                (
                    "{{ people | map(attribute='name') | list }} {{ people | map(attribute='pet.kind', default='no') | list }} {{ words | map('upper') | join }} {{ ['a-b'] | map('replace', '-', '+') | first }}",
                    "['Ann', 'bob', 'Cy'] ['cat', 'no', 'no'] BACA a+b"
                ),
                (
                    "{{ people | selectattr('age', 'equalto', 30) | map(attribute='name') | join(',') }} {{ people | rejectattr('pet') | map(attribute='name') | join(',') }} {{ people | selectattr('pet', 'defined') | list | length }} {{ people | selectattr('pet.kind', '==', 'cat') | list | length if false else '' }}",
                    "Ann,Cy bob,Cy 1 "
                ),
                (
                    "{{ list | select('odd') | list }} {{ list | reject('gt', 2) | list }} {{ [0, 1, ''] | select | list }} {{ words | select('in', ['a', 'b']) | list }}",
                    "[3, 1] [1, 2] [1] ['b', 'a']"
                ),
                (
                    "{{ [1, 2, 1, 'a', 'A'] | unique | list }} {{ people | sort(attribute='age') | map(attribute='name') | list }} {{ people | sum(attribute='age') }}",
                    "[1, 2, 'a'] ['bob', 'Ann', 'Cy'] 85"
                ),
                (
                    "{{ list[1:] }} {{ list[:-1] }} {{ list[::-1] }} {{ list[-1] }} {{ list[5:] }} {{ list.0 }}",
                    "[1, 2] [3, 1] [2, 1, 3] 2 [] 3"
                ),
                (
                    "{{ range(3) | list }} {{ range(1, 4) | list }} {{ range(5, 0, -2) | list }} {{ (list + [9]) | length }} {{ list.index(1) }} {{ list.count(3) }}",
                    "[0, 1, 2] [1, 2, 3] [5, 3, 1] 4 1 1"
                ),
                (
                    "{{ people | map(attribute='age') | unique | list }} {{ people | max(attribute='age') }}",
                    "[30, 25] {'name': 'Ann', 'age': 30, 'pet': {'kind': 'cat'}}"
                ),
                (
                    "{{ 'a-b (cd) [ef x.y' | title }} {{ people | map(attribute='pet', default=none) | list }} {{ [{'a': {'b': 1}}] | map(attribute='a.b') | list }}",
                    "A-B (Cd) [Ef X.y [{'kind': 'cat'}, Undefined, Undefined] [1]"
                ),
            ]
        ),
        (
            "dictionaries",
            [
                (
                    "{{ map.z }} {{ map['z'] }} {{ map.a[1].k }} {{ map['items'] }} {{ map.get('z') }} {{ map.get('q') }} {{ map.get('q', 5) }}",
                    "1 1 None I 1 None 5"
                ),
                (
                    "{% for k, v in map.items() %}{{ k }}={{ v }};{% endfor %} {{ map.keys() | list }} {{ map.values() | list }}",
                    "z=1;a=[1, {'k': None}];items=I; ['z', 'a', 'items'] [1, [1, {'k': None}], 'I']"
                ),
                (
                    "{% for k, v in map | items %}{{ k }};{% endfor %}{% for p in map | dictsort %}{{ p[0] }};{% endfor %}{% for k in map %}{{ k }};{% endfor %}",
                    "z;a;items;a;items;z;z;a;items;"
                ),
                (
                    "{{ map | length }} {{ dict(a=1, b='x') }} {{ dict(map, z=9).z }} {{ {'a' + 'b': 1} }}",
                    "3 {'a': 1, 'b': 'x'} 9 {'ab': 1}"
                ),
                (
                    "{% for k, v in {'b': 1, 'a': 2} | dictsort(by='value', reverse=true) %}{{ k }}{% endfor %}",
                    "ab"
                ),
            ]
        ),
        (
            "JSON",
            [
                (
                    "{{ map | tojson }}",
                    "{\"z\": 1, \"a\": [1, {\"k\": null}], \"items\": \"I\"}"
                ),
                (
                    "{{ map | tojson(indent=2) }}",
                    "{\n  \"z\": 1,\n  \"a\": [\n    1,\n    {\n      \"k\": null\n    }\n  ],\n  \"items\": \"I\"\n}"
                ),
                (
                    "{{ [[], {}, 'é\\n\"\\\\/<>&\\u2028\\x7f', 1.5, 1e20, none, true] | tojson }}",
                    "[[], {}, \"é\\n\\\"\\\\/<>&\u{2028}\u{7f}\", 1.5, 1e+20, null, true]"
                ),
                (
                    "{{ {'b': 1, 'a': 'é'} | tojson(sort_keys=true, ensure_ascii=true) }} {{ [1, 2] | tojson(separators=(',', ':')) }}",
                    "{\"a\": \"\\u00e9\", \"b\": 1} [1,2]"
                ),
                (
                    "{{ {'a': [1, {'b': []}]} | tojson(indent=4) }}",
                    "{\n    \"a\": [\n        1,\n        {\n            \"b\": []\n        }\n    ]\n}"
                ),
                (
                    "{{ 'x' | tojson }} {{ 3 | tojson }} {{ '\\x00\\x1f\\b\\f' | tojson }} {{ '😀' | tojson(ensure_ascii=true) }}",
                    "\"x\" 3 \"\\u0000\\u001f\\b\\f\" \"\\ud83d\\ude00\""
                ),
            ]
        ),
        (
            "numbers",
            [
                (
                    "{{ '12' | int }} {{ 'x' | int }} {{ 'x' | int(5) }} {{ 3.9 | int }} {{ '3.9' | int }} {{ '1.5' | float }} {{ 'x' | float }} {{ true | int }}",
                    "12 0 5 3 3 1.5 0.0 1"
                ),
                (
                    "{{ 2.567 | round(2) }} {{ 2.5 | round }} {{ 3.5 | round }} {{ 2.1 | round(0, 'ceil') }} {{ 2.9 | round(method='floor') }} {{ -3 | abs }} {{ -2.5 | abs }}",
                    "2.57 2.0 4.0 3.0 2.0 3 2.5"
                ),
                (
                    "{{ 5 | string + 'x' }} {{ none | string }} {{ 1.0 | string | length }}",
                    "5x None 3"
                ),
            ]
        ),
        (
            "defaults",
            [
                (
                    "{{ nothing | default('d') }} {{ '' | default('d') }}|{{ '' | default('d', true) }} {{ none | default('d') }} {{ nothing | d }}|{{ map.nope | default(n) }}",
                    "d |d None |7"
                )
            ]
        ),
        (
            "loops",
            [
                (
                    "{% for x in list %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.previtem }}{{ loop.nextitem }};{% endfor %}",
                    "1032TrueFalse31;2121FalseFalse332;3210FalseTrue31;"
                ),
                (
                    "{% for x in [] %}a{% else %}none{% endfor %}{% for x in list %}{% else %}no{% endfor %}",
                    "none"
                ),
                (
                    "{% for x in list if x > 1 %}{{ loop.index }}:{{ x }}/{{ loop.length }} {% endfor %}",
                    "1:3/2 2:2/2 "
                ),
                (
                    "{% for x in list %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% endfor %}{% for x in list %}{% if x == 1 %}{% break %}{% endif %}{{ x }}{% endfor %}",
                    "323"
                ),
                (
                    "{% for a in [1, 2] %}{% for b in [3, 4] %}{{ loop.index }}{{ a }}{{ b }} {% endfor %}{{ loop.index }} {% endfor %}",
                    "113 214 1 123 224 2 "
                ),
                (
                    "{% for a, b in [[1, 2], [3, 4]] %}{{ a + b }} {% endfor %}{% for (a, b) in [(1, 2)] %}{{ a }}{{ b }}{% endfor %}",
                    "3 7 12"
                ),
                (
                    "{% for c in 'añ😀' %}{{ c }}.{% endfor %}{% for x in nothing %}a{% else %}e{% endfor %}",
                    "a.ñ.😀.e"
                ),
                (
                    "{% for x in list %}{{ loop.cycle('a', 'b') }}{% endfor %}{% for x in [1, 1, 2] %}{{ loop.changed(x) }}{% endfor %}",
                    "abaTrueFalseTrue"
                ),
                (
                    "{% for x in 1, 2, 3 %}{{ x }}{% endfor %}{% for x in list | sort %}{{ x }}{% endfor %}{% for x in list[::-1] %}{{ x }}{% endfor %}",
                    "123123213"
                ),
                (
                    "{% for p in people if p.age == 30 %}{{ p.name }}{{ ', ' if not loop.last }}{% endfor %}",
                    "Ann, Cy"
                ),
                (
                    "{% for x in [1,2] %}{% for y in [1,2,3] %}{% if y == 2 %}{% break %}{% endif %}{{ x }}{{ y }} {% endfor %}{% endfor %}",
                    "11 21 "
                ),
            ]
        ),
        (
            "scopes",
            [
                (
                    "{% set x = 1 %}{% for i in list %}{% set x = i %}{{ x }}{% endfor %}{{ x }}",
                    "3121"
                ),
                (
                    "{% set x = 1 %}{% if yes %}{% set x = 2 %}{% endif %}{{ x }}",
                    "2"
                ),
                (
                    "{% set ns = namespace(x=1, y=[]) %}{% for i in list %}{% set ns.x = ns.x + i %}{% set ns.y = ns.y + [i] %}{% endfor %}{{ ns.x }} {{ ns.y }}",
                    "7 [3, 1, 2]"
                ),
                (
                    "{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set t %}x{{ n }}y{% endset %}{{ t | upper }}{% set u | trim %} q {% endset %}[{{ u }}]",
                    "12X7Y[q]"
                ),
                (
                    "{% with a = 1, b = n %}{{ a }}{{ b }}{% set n = 5 %}{{ n }}{% endwith %}{{ n }}",
                    "1757"
                ),
                (
                    "{% for i in [1, 2] %}{{ seen is defined }}{% set seen = 1 %}{% endfor %}",
                    "FalseFalse"
                ),
                (
                    "{% filter upper | trim %} abc {{ word }} {% endfilter %}",
                    "ABC ABCDEF"
                ),
                (
                    "{% for loop_item in list %}{% if loop.first %}{% set n = 99 %}{% endif %}{{ n }} {% endfor %}{{ n }}",
                    "99 7 7 7"
                ),
            ]
        ),
        (
            "macros",
            [
                (
                    "{% macro m(a, b='x') %}[{{ a }}{{ b }}]{% endmacro %}{{ m(1) }}{{ m(1, 2) }}{{ m(b=3, a=4) }}{{ m() }}",
                    "[1x][12][43][x]"
                ),
                (
                    "{% macro outer(x) %}{% if x > 0 %}{{ x }}{{ outer(x - 1) }}{% endif %}{% endmacro %}{{ outer(3) }}",
                    "321"
                ),
                (
                    "{% set g = 'G' %}{% macro m() %}{{ g }}{{ n }}{% set n = 1 %}{{ n }}{% endmacro %}{{ m() }}{{ n }}{{ m() | length }}",
                    "G7173"
                ),
                (
                    "{% macro m(x) %}\n  {{ x }}\n{% endmacro %}\n{{ m('a') | trim }}{{ m('b') ~ 'c' }}",
                    "a  b\nc"
                ),
            ]
        ),
        (
            "conditions",
            [
                (
                    "{% if n == 1 %}a{% elif n == 7 %}b{% elif yes %}c{% else %}d{% endif %}{% if nothing %}x{% else %}y{% endif %}",
                    "by"
                ),
                (
                    "{% if map.z and map['a'] is defined and 'q' not in map %}ok{% endif %}{% if not (yes and null) %}k{% endif %}",
                    "okk"
                ),
            ]
        ),
        (
            "clock",
            [
                (
                    "{{ strftime_now('%d %b %Y %H:%M:%S %A %B %j %y %I %p %% %a %-d') }}",
                    "09 Mar 2025 14:05:07 Sunday March 068 25 02 PM % Sun 9"
                )
            ]
        ),
    ]

    /// Templates that can be read and fail when rendered.
    static let failing: [String] = [
        "{{ 'a' + 1 }}",
        "{{ nothing.x }}",
        "{{ nothing['x'] }}",
        "{{ nothing + 1 }}",
        "{{ none.strip() }}",
        "{{ 1 / 0 }}",
        "{{ 1 // 0 }}",
        "{{ 'a' < 1 }}",
        "{{ 5 | length }}",
        "{{ n() }}",
        "{{ nothing() }}",
        "{% for x in 5 %}{% endfor %}",
        "{% for a, b in [1] %}{% endfor %}",
        "{% for a, b in [[1]] %}{% endfor %}",
        "{{ nothing | tojson }}",
        "{% set n.x = 1 %}",
        "{{ 'abc'.nope() }}",
        "{{ map.nope() }}",
        "{{ 'a' in 5 }}",
        "{{ 1 in 'abc' }}",
        "{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}",
        "{% macro m(a) %}{% endmacro %}{{ m(c=2) }}",
        "{{ [3, 'a'] | sort }}",
        "{{ -'a' }}",
        "{{ list.append(1) }}",
        "{{ map.update({}) }}",
        "{{ 'a'.split('') }}",
        "{{ list[::0] }}",
        "{{ range(1, 2, 0) }}",
        "{{ ''.__class__ }}x{{ ''.__class__.__mro__ }}",
        "{{ 1 | nofilter }}",
        "{{ 1 is notest }}",
        "{{ [1,2] + 'a' }}",
        "{{ none + 'a' }}",
        "{{ 'x' | int('y') + 1 }}",
    ]

    /// Templates that cannot be read.
    static let unreadable: [String] = [
        "{{",
        "{{ }}",
        "{{ a",
        "{% if %}{% endif %}",
        "{% if a %}",
        "{% endif %}",
        "{% for %}{% endfor %}",
        "{% for x in %}{% endfor %}",
        "{% for x list %}{% endfor %}",
        "{% foo %}",
        "{% set %}",
        "{% set x %}",
        "{{ a b }}",
        "{{ a. }}",
        "{{ a[ }}",
        "{{ (a }}",
        "{{ a) }}",
        "{{ [a }}",
        "{{ {'a'} }}",
        "{{ {'a':} }}",
        "{{ 'a }}",
        "{{ a | }}",
        "{{ a is }}",
        "{{ a if }}",
        "{{ a $ b }}",
        "{# open",
        "{% if a %}{% else %}",
        "{% macro %}{% endmacro %}",
        "{% macro m( %}{% endmacro %}",
        "{% break %}",
        "{{ m(a=1, 2) }}",
        "{{ 1 + }}",
        "{{ * 1 }}",
        "{{ a ! b }}",
        "{% if a %}{% endfor %}",
        "{% %}",
        "{{ not }}",
        "{% elif a %}",
        "{{ a = 1 }}",
    ]
}
