"""The function table by example, and what functions refuse."""

import pytest

from compozy.templates import TemplateError

STRINGS = {
    '{{ "hello big world" | title }}': "Hello Big World",
    '{{ "  x " | trim }}': "x",
    '{{ "tmp_a" | trimPrefix "tmp_" }}': "a",
    '{{ "a.txt" | trimSuffix ".txt" }}': "a",
    '{{ split "," "a,b" }}': ["a", "b"],
    '{{ (split "," "a,b")._1 }}': "b",
    '{{ join ", " .tasks.save-data.output.items }}': "b, a, c",
    '{{ "hello" | contains "ell" }}': True,
    '{{ .tasks.save-data.output.items | contains "a" }}': True,
    '{{ hasPrefix "he" "hello" }}': True,
    '{{ hasSuffix "he" "hello" }}': False,
    "{{ quote .tricky }}": '"a \\"b\\" <c>"',
    "{{ squote .word }}": "'hello world'",
    '{{ indent 2 "a\\nb" }}': "  a\n  b",
    '{{ nindent 1 "a" }}': "\n a",
    "{{ toString 2.50 }}": "2.5",
    '{{ repeat 3 "ab" }}': "ababab",
    '{{ trunc 5 "hello world" }}': "hello",
    "{{ len 'día' }}": 3,
    "{{ slice .word 0 5 }}": "hello",
    "{{ print 1 'a' true }}": "1atrue",
}

COLLECTIONS = {
    "{{ len .people }}": 2,
    "{{ index .pairs 1 'id' }}": 2,
    "{{ first .tasks.save-data.output.items }}": "b",
    "{{ last .tasks.save-data.output.items }}": "c",
    "{{ first .tasks.fetch.output.list }}": None,
    "{{ rest .tasks.save-data.output.items }}": ["a", "c"],
    "{{ reverse .tasks.save-data.output.items }}": ["c", "a", "b"],
    "{{ sortAlpha .tasks.save-data.output.items }}": ["a", "b", "c"],
    "{{ uniq (list 1 2 1 true) }}": [1, 2, True],
    "{{ keys .people }}": ["al", "bob"],
    "{{ values .people }}": [1, 2],
    "{{ get .people 'bob' }}": 2,
    "{{ get .people 'eve' }}": "",
    "{{ hasKey .people 'eve' }}": False,
    "{{ dict 'a' 1 'b' (list 2 3) }}": {"a": 1, "b": [2, 3]},
    "{{ merge (dict 'a' 1) (dict 'a' 2 'b' 3) }}": {"a": 1, "b": 3},
    "{{ append (list 1) 2 }}": [1, 2],
    "{{ concat (list 1) (list 2 3) }}": [1, 2, 3],
    "{{ compact (list 0 1 '' nil 'a') }}": [1, "a"],
    "{{ has 2 (list 1 2) }}": True,
    "{{ until 3 }}": [0, 1, 2],
    "{{ seq 3 }}": "1 2 3",
    "{{ seq 5 -2 1 }}": "5 3 1",
    "{{ slice (list 1 2 3) 1 }}": [2, 3],
}

NUMBERS = {
    "{{ add 1 2 3 }}": 6,
    "{{ add 1 2.5 }}": 3.5,
    "{{ sub 5 2 }}": 3,
    "{{ mul 2 3 4 }}": 24,
    "{{ div 7 2 }}": 3,
    "{{ div -7 2 }}": -3,
    "{{ div 7 2.0 }}": 3.5,
    "{{ mod 7 3 }}": 1,
    "{{ mod -7 3 }}": -1,
    "{{ max 1 5 3 }}": 5,
    "{{ min 2 1.5 }}": 1.5,
    "{{ round 123.5555 3 }}": 123.556,
    "{{ round -2.5 0 }}": -3.0,
    "{{ floor 1.9 }}": 1,
    "{{ ceil 1.1 }}": 2,
    '{{ int "12" }}': 12,
    "{{ int 1.9 }}": 1,
    '{{ float64 "1.5" }}': 1.5,
}

ENCODINGS = {
    "{{ toJson .people }}": '{"al":1,"bob":2}',
    "{{ toJson .tricky }}": '"a \\"b\\" <c>"',
    """{{ fromJson '{"a": [1, 2.5]}' }}""": {"a": [1, 2.5]},
    "{{ b64enc 'día' }}": "ZMOtYQ==",
    "{{ b64dec 'ZMOtYQ==' }}": "día",
    "{{ sha256sum 'abc' }}": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    "{{ htmlEscape .tricky }}": "a &quot;b&quot; &lt;c&gt;",
    "{{ jsEscape .tricky }}": 'a \\"b\\" \\u003Cc\\u003E',
    "{{ urlquery 'a b&c' }}": "a+b%26c",
}

DATES = {
    "{{ date '2006-01-02 15:04:05.000' now }}": "2026-11-23 08:05:09.120",
    "{{ now | date 'Mon, 02 Jan 2006 3:04PM MST' }}": "Mon, 23 Nov 2026 8:05AM UTC",
    "{{ date '2006-01-02T15:04:05.999Z07:00' now }}": "2026-11-23T08:05:09.12Z",
    "{{ date '2006-01-02' 0 }}": "1970-01-01",
    "{{ dateInZone '15:04 -07:00 MST' now 'Asia/Tokyo' }}": "17:05 +09:00 JST",
    "{{ date 'Jan _2 06' '2026-03-05T00:00:00+02:00' }}": "Mar  5 26",
}

PRINTF = {
    "{{ printf '%s|%5s|%-5s|%.2s' 'abc' 'ab' 'ab' 'abc' }}": "abc|   ab|ab   |ab",
    "{{ printf '%d|%05d|%+d|%x|%o|%b' 7 42 7 255 8 5 }}": "7|00042|+7|ff|10|101",
    "{{ printf '%f|%.1f|%6.2f|%g|%e' 1.5 2.25 3.14159 0.1 1500.0 }}": "1.500000|2.2|  3.14|0.1|1.500000e+03",
    "{{ printf '%v|%v|%t|%q|%c|%%' .people 2.0 true 'a' 65 }}": '{"al":1,"bob":2}|2|true|"a"|A|%',
}

REFUSED = {
    "{{ upper .people }}": "upper: wants a text, got an object",
    "{{ div 1 0 }}": "div: division by zero",
    "{{ mod 1 0 }}": "mod: division by zero",
    "{{ mul 9223372036854775807 2 }}": "does not fit 64 bits",
    "{{ mul 1e308 10 }}": "not a finite number",
    '{{ int "twelve" }}': 'got the text "twelve"',
    "{{ len 5 }}": "got an integer",
    "{{ index .pairs 9 }}": "no item 9 in a list of 2",
    "{{ index .people 'bo' }}": 'did you mean "bob"',
    "{{ dict 'a' }}": "wants a value for every key",
    "{{ lt 1 'a' }}": "cannot order an integer and a text",
    "{{ fromJson '{' }}": "fromJson: not JSON",
    "{{ fromJson 'NaN' }}": "NaN is not JSON",
    "{{ b64dec '***' }}": "not base64",
    "{{ printf '%d' 1.5 }}": "wants an integer, got 1.5",
    "{{ printf '%d' }}": 'no value for the verb "%d"',
    "{{ printf '%s' 1 2 }}": "1 more values than verbs",
    "{{ printf '%z' 1 }}": 'no verb "%z"',
    "{{ dateInZone '2006' now 'Nowhere/Else' }}": 'no time zone "Nowhere/Else"',
    "{{ date '2006' 'yesterday' }}": "wants an RFC 3339 time",
    "{{ seq 1 0 5 }}": "a step of 0 never ends",
    "{{ slice .word 5 99 }}": "not within the 11",
    "{{ range .word }}{{ end }}": "range wants a list, an object or an integer, got a text",
}


@pytest.mark.parametrize(
    ("template", "expected"),
    [*STRINGS.items(), *COLLECTIONS.items(), *NUMBERS.items(), *(ENCODINGS | DATES | PRINTF).items()],
)
def test_function_returns(rendered, template, expected):
    result = rendered(template)

    assert (result, type(result)) == (expected, type(expected))


@pytest.mark.parametrize(("template", "message"), REFUSED.items())
def test_function_refuses(rendered, template, message):
    with pytest.raises(TemplateError) as caught:
        rendered(template)

    assert message in str(caught.value)
