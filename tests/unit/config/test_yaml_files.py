import pytest
from hypothesis import given
from hypothesis import strategies as st

from compozy.config.documents import Mark
from compozy.config.yaml_building import MAX_DEPTH
from compozy.config.yaml_files import MAX_BYTES, parse_yaml, read_yaml
from compozy.domain.errors import InvalidError


def parse(text):
    return parse_yaml(text if isinstance(text, bytes) else text.encode(), file="f.yaml")


def test_every_key_and_item_remembers_its_place():
    document = parse("id: a\ntasks:\n  - id: b\n    with: {x: [1, 2]}\n")

    assert document.data == {"id": "a", "tasks": [{"id": "b", "with": {"x": [1, 2]}}]}
    assert document.marks[("tasks", 0, "with", "x", 1)] == Mark(line=4, column=19)
    assert document.marks[("tasks", 0)] == Mark(line=3, column=5)


def test_a_key_that_is_not_there_has_the_line_of_its_nearest_ancestor():
    document = parse("a: 1\nb:\n  c:\n    d: 1\n")

    assert document.find_line(("b", "c", "missing", 0)) == 3
    assert document.find_line(("missing",)) == 1


def test_keys_are_text_whatever_they_look_like():
    document = parse("on: 1\nyes: 2\ntrue: 3\n1: 4\nnull: 5\n2026-01-01: 6\n")

    assert document.data == {"on": 1, "yes": 2, "true": 3, "1": 4, "null": 5, "2026-01-01": 6}


def test_aliases_repeat_a_value():
    document = parse("base: &b {x: [1]}\nuse: *b\nagain: [*b, *b]\n")

    assert document.data["use"] == {"x": [1]}
    assert document.data["again"] == [{"x": [1]}, {"x": [1]}]
    assert document.find_line(("use", "x")) == 2


def test_merge_keys_fill_in_what_is_not_given():
    document = parse("a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc:\n  <<: [*a, *b]\n  x: 3\n'<<': text\n")

    assert document.data["c"] == {"x": 3, "y": 1, "z": 2}
    assert document.data["<<"] == "text"


def test_a_byte_order_mark_and_windows_lines_are_read():
    assert parse(b"\xef\xbb\xbfa: 1\r\nb: |\r\n  x\r\n  y\r\n").data == {"a": 1, "b": "x\ny\n"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1: the file is empty"),
        ("# only this\n", "1: the file is empty"),
        ("---\n", "2: the file is empty (write keys and values, such as `id: greet`)"),
        ("- a\n", "1: the file is not a mapping (write keys and values, such as `id: greet`)"),
        ("a: 1\n---\nb: 2\n", "2: a second document begins here (keep one document per file, without ---)"),
        ("x: 0\na:\n  b: 1\n  b: 2\n", "4: a.b: the key is given twice (first in line 3)"),
        (
            "a:\n\tb: 1\n",
            "2: not valid YAML: found character that cannot start any token (indent with spaces, not tabs)",
        ),
        (
            "a: 'b\nc: 2\n",
            "3: not valid YAML: found unexpected end of stream while scanning a quoted scalar that begins in line 1",
        ),
        (
            "a: b: c\n",
            '1: not valid YAML: mapping values are not allowed in this context (quote a value that contains ": ")',
        ),
        ("a: {{ .x }}\n", '1: a: a key must be text (a template needs quotes: "{{ .input.name }}")'),
        (b"a: 1\nb: \xff\n", "2: not UTF-8 text (save the file as UTF-8)"),
        (b"a: 1\nb: \x07\n", "2: not valid YAML: control characters are not allowed (remove the character)"),
        ("a: *b\n", "1: a: nothing above is called *b (write &b in front of an earlier value)"),
        ("a: &a [*a]\n", "1: a[0]: nothing above is called *a (write &a in front of an earlier value)"),
        ("a: !foo 1\n", "1: a: the tag !foo is not supported (write the value without a tag)"),
        (
            "a: !!python/name:os.system x\n",
            "1: a: the tag !!python/name:os.system is not supported (write the value without a tag)",
        ),
        ("a: .inf\n", "1: a: .inf is not a JSON number (quote it to keep it as text)"),
        ("a: 1e999\n", "1: a: 1e999 is too large for a float (quote it to keep it as text)"),
        (f"a: {'9' * 5000}\n", "1: a: the number has more than 4300 digits (quote it to keep it as text)"),
        ("<<: 5\n", "1: <<: only mappings can be merged (write <<: *name-of-a-mapping)"),
    ],
)
def test_what_is_not_one_mapping_of_json_values_is_refused_at_its_line(text, message):
    with pytest.raises(InvalidError) as caught:
        parse(text)

    assert str(caught.value) == f"f.yaml:{message}"


def test_nesting_is_limited_before_it_is_built():
    with pytest.raises(InvalidError, match=f"nested deeper than {MAX_DEPTH} levels"):
        parse("a: " + "[" * 500_000)


def test_nesting_by_aliases_counts_too():
    lines = ["a0: &a0 [[[[[[[[[[1]]]]]]]]]]"]
    lines += [f"a{n}: &a{n} [[[[[[[[[[*a{n - 1}]]]]]]]]]]" for n in range(1, 10)]
    with pytest.raises(InvalidError, match=f"nested deeper than {MAX_DEPTH} levels"):
        parse("\n".join(lines))


def test_a_bomb_of_aliases_is_refused_before_it_grows():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(InvalidError, match="more than 100000 values, aliases included"):
        parse("\n".join(lines))


def test_a_file_that_is_too_large_is_not_parsed(tmp_path):
    path = tmp_path / "large.yaml"
    path.write_bytes(b"a: 1\n" + b"#" * MAX_BYTES)

    with pytest.raises(InvalidError) as caught:
        read_yaml(path, shown_as="large.yaml")
    assert str(caught.value) == "large.yaml: the file is larger than 1048576 bytes"


def test_content_that_is_too_large_is_not_parsed():
    with pytest.raises(InvalidError, match="larger than 1048576 bytes"):
        parse(b"#" * (MAX_BYTES + 1))


def test_a_file_that_cannot_be_read_says_why(tmp_path):
    with pytest.raises(InvalidError) as caught:
        read_yaml(tmp_path, shown_as="folder")

    assert str(caught.value) == "folder: cannot be read: is a directory"


@given(st.binary(max_size=200) | st.text(alphabet=" \n\t:-[]{}&*!|>'\"%@`#?,ab1.<~\u2028", max_size=60).map(str.encode))
def test_any_bytes_are_a_document_or_invalid(content):
    try:
        document = parse_yaml(content, file="f.yaml")
    except InvalidError as error:
        places = [(problem.file, problem.line is not None) for problem in error.problems]
        outcome = set(places) == {("f.yaml", True)}
    else:
        outcome = isinstance(document.data, dict)

    assert outcome


def told(text):
    """Return what is wrong with a text that is refused, each with its line."""
    with pytest.raises(InvalidError) as caught:
        parse(text)
    return [f"{problem.line} {problem.key}: {problem.message}" for problem in caught.value.problems]


def test_one_refused_value_does_not_hide_the_others():
    text = """\
id: a
with:
  x: {{ .input.x }}
  y: {{ .input.y }}
  y: 2
  y: 3
list: [!!set {}, *gone, .inf]
merged: {<<: 5, z: 1}
"""

    assert told(text) == [
        "3 with.x: a key must be text",
        "4 with.y: a key must be text",
        "5 with.y: the key is given twice",
        "6 with.y: the key is given twice",
        "7 list[0]: the tag !!set is not supported",
        "7 list[1]: nothing above is called *gone",
        "7 list[2]: .inf is not a JSON number",
        "8 merged.<<: only mappings can be merged",
    ]


def test_what_was_refused_is_told_before_a_syntax_error_that_ends_the_file():
    first, second = told("x: {{ .a }}\ny: [\n")

    assert first == "1 x: a key must be text"
    assert second.startswith("3 : not valid YAML")


def test_a_template_without_quotes_is_told_once_whatever_follows_it():
    (line,) = told("a: 1\nx: {{ .a }} and more\n")

    assert line.startswith("2 : not valid YAML")


def test_a_key_given_again_and_again_is_told_with_the_line_of_the_first():
    with pytest.raises(InvalidError) as caught:
        parse("a: 1\nb: 2\na: 3\na: 4\n")

    assert [problem.hint for problem in caught.value.problems] == ["first in line 1", "first in line 1"]
