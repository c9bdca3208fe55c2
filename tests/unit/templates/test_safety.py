"""Templates reach data only, and what they may cost is bounded."""

from typing import ClassVar

import pytest

from compozy.templates import TemplateError
from compozy.templates.parser import parse


class Witness:
    """Records whether anything of it was ever used."""

    touched: ClassVar[list[str]] = []
    secret = "s3cret"  # noqa: S105 - what a template must not reach

    def __getattribute__(self, name):
        if not name.startswith("__"):
            Witness.touched.append(name)
        return object.__getattribute__(self, name)

    def __bool__(self):
        Witness.touched.append("bool")
        return True

    def __eq__(self, other):
        Witness.touched.append("eq")
        return True

    def __hash__(self):
        return 0


@pytest.fixture
def witness():
    Witness.touched.clear()
    return Witness()


@pytest.mark.parametrize(
    "template",
    [
        "{{ .__class__ }}",
        "{{ .word.__init__ }}",
        "{{ .word.__class__.__mro__ }}",
        "{{ .tasks.__class__ }}",
        "{{ .tasks.items }}",
        "{{ .word.upper }}",
        "{{ .workflow.input.age.real }}",
        "{{ $.__globals__ }}",
        '{{ index . "__class__" }}',
        '{{ index .word "__class__" }}',
        '{{ (print "a").__class__ }}',
        '{{ printf "{0.__class__}" }}{{ .word.format }}',
        "{{ now.__class__ }}",
    ],
)
def test_attributes_are_not_a_language_feature(rendered, template):
    with pytest.raises(TemplateError):
        rendered(template)


@pytest.mark.parametrize(
    "template",
    [
        "{{ .w }}",
        "{{ .w.secret }}",
        "{{ if .w }}a{{ end }}",
        "{{ first .all }}",
        "{{ range .all }}{{ . }}{{ end }}",
        "{{ range $x := .all }}{{ $x }}{{ end }}",
        "{{ eq .all .all }}",
        "{{ has 1 .all }}",
        "{{ compact .all }}",
        "{{ toJson .all }}",
        "{{ uniq .all }}",
        "{{ join ',' .all }}",
        "{{ get .map 'w' }}",
    ],
)
def test_python_objects_are_refused_and_never_touched(rendered, witness, template):
    with pytest.raises(TemplateError):
        rendered(template, {"w": witness, "all": [witness], "map": {"w": witness}})

    assert Witness.touched == []


def test_subclasses_of_plain_types_are_refused(rendered):
    class Shouting(str):
        __slots__ = ()

    with pytest.raises(TemplateError, match="Shouting"):
        rendered("{{ .name }}", {"name": Shouting("x")})


NESTED_RANGES = "{{ range 100000 }}" * 3 + "{{ end }}" * 3
DOUBLING = "{{ $x := 'aaaaaaaaaaaaaaaa' }}{{ range 64 }}{{ $x = print $x $x }}{{ end }}"

EXPENSIVE = {
    "steps": (NESTED_RANGES, "steps, which is the limit"),
    "doubling text": (DOUBLING, "is the limit"),
    "doubling lists": ("{{ $x := list 1 }}{{ range 64 }}{{ $x = list $x $x }}{{ end }}", "is the limit"),
    "output": ("{{ range 100000 }}{{ printf '%1000d' 1 }}{{ end }}", "is the limit"),
    "repeat": ("{{ repeat 1000000000000 'a' }}", "is the limit"),
    "replace": ("{{ replace 'a' (repeat 100000 'b') (repeat 100000 'a') }}", "is the limit"),
    "indent": ("{{ indent 100000000 'a' }}", "is the limit"),
    "width": ("{{ printf '%999999999d' 1 }}", "a width or precision above 1000"),
    "until": ("{{ until 1000000000000 }}", "is the limit"),
    "seq": ("{{ seq 1 100000000000000000000000000 }}", "is the limit"),
    "range": ("{{ range 1000000000000 }}{{ end }}", "is the limit"),
    "power": ("{{ $x := 9 }}{{ range 99 }}{{ $x = mul $x $x }}{{ end }}", "64 bits"),
    "parentheses": ("{{ " + "(" * 21 + "1" + ")" * 21 + " }}", "nested more than 20 deep"),
    "blocks": ("{{ if 1 }}" * 21 + "{{ end }}" * 21, "nested more than 20 deep"),
    "pipe": ("{{ 1" + " | print" * 25 + " }}", "a pipe of more than 20 stages"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("template", "message"), EXPENSIVE.values(), ids=EXPENSIVE)
def test_cost_is_bounded(rendered, template, message):
    with pytest.raises(TemplateError) as caught:
        rendered(template)

    assert message in str(caught.value)


def test_twenty_levels_are_allowed(rendered):
    assert rendered("{{ " + "(" * 20 + "1" + ")" * 20 + " }}") == 1
    assert rendered("{{ if 1 }}" * 20 + "x" + "{{ end }}" * 20) == "x"


def test_long_chains_of_else_if_do_not_nest(rendered):
    assert rendered("{{ if 0 }}" + "{{ else if 0 }}" * 1000 + "{{ else }}x{{ end }}") == "x"


def test_value_that_nests_too_deeply_is_refused(rendered):
    value = "{{ .word }}"
    for _ in range(21):
        value = [value]

    with pytest.raises(TemplateError, match="more than 20 deep"):
        rendered(value)


def test_data_that_nests_beyond_the_stack_is_refused(rendered):
    deep = []
    for _ in range(100_000):
        deep = [deep]

    with pytest.raises(TemplateError):
        rendered("{{ .deep | toJson }}", {"deep": deep})
    with pytest.raises(TemplateError, match="nest"):
        rendered("{{ eq .deep .deep }}", {"deep": deep})


def test_same_template_is_parsed_once():
    again = "{{{{ {} }}}}".format(".only.once")

    assert parse("{{ .only.once }}") is parse(again)
