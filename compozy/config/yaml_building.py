"""Events of the YAML parser to plain data that knows its lines.

PyYAML's composer is not used: it recurses in C as deep as the file says and expands aliases without a limit, so a small
hostile file could end the process. Going through events, depth and size are checked before anything is built.

What a plain scalar means is in ``yaml_scalars``. Keys are always text: ``on:``, ``1:`` and ``true:`` are the keys
"on", "1" and "true". ``<<`` merges, and explicit keys win. Tags other than ``!!str`` are refused.
"""

from collections.abc import Iterator
from typing import Any, Final

import attrs
import yaml

from compozy.config.documents import Document, Mark
from compozy.config.yaml_scalars import plain_scalar
from compozy.domain.errors import InvalidError, Problem
from compozy.domain.json import Json, JsonObject
from compozy.domain.key_paths import KeyPath

MAX_DEPTH: Final = 64
"""Deepest nesting, aliases included; far below what Python's recursion limit allows to whoever walks the data."""

MAX_NODES: Final = 100_000
"""Most values in one file, each alias counted as often as it is used."""

_MOST_TOLD: Final = 200
"""How many problems are told at once: nobody reads more."""

TEMPLATE_HINT: Final = 'a template needs quotes: "{{ .input.name }}"'
"""The way out of the mistake that YAML makes easiest here: an unquoted template is a mapping in a mapping."""

_TEXT_TAGS: Final = ("!", "tag:yaml.org,2002:str")


@attrs.define(kw_only=True)
class _Anchored:
    """A value that aliases may name, with what it costs to use it again."""

    value: Json
    nodes: int
    depth: int


@attrs.define(kw_only=True)
class DocumentBuilder:
    """Builds the data of one document from the parser's events; each method consumes the events of one value.

    Attributes:
        file: What problems call it.
        events: The events of the whole stream.
        marks: Where the keys seen so far are.
        anchors: The values that aliases may name so far.
        nodes: How many values were built, each alias counted as often as it is used.
        deepest: The deepest nesting seen within the value at hand.
        problems: What was wrong so far, and passed over to find the rest.
    """

    file: str
    events: Iterator[Any]
    marks: dict[KeyPath, Mark] = attrs.Factory(dict)
    anchors: dict[str, _Anchored] = attrs.Factory(dict)
    nodes: int = 0
    deepest: int = 0
    problems: list[Problem] = attrs.Factory(list)

    def document(self) -> Document:
        """Consume the whole stream and return what it says.

        Raises:
            InvalidError: The stream is not one mapping, or something in it is refused; with all that is.
        """
        next(self.events)  # the start of the stream
        if isinstance(next(self.events), yaml.StreamEndEvent):
            raise InvalidError(Problem(message="the file is empty", file=self.file, line=1))
        first = next(self.events)
        self.marks[()] = _mark(first)
        data = self._value(first, ())
        next(self.events)  # the end of the document
        following = next(self.events)
        if not isinstance(following, yaml.StreamEndEvent):
            raise self._refused(
                following, (), "a second document begins here", "keep one document per file, without ---"
            )
        if not isinstance(data, dict):
            found = "the file is empty" if data is None else "the file is not a mapping"
            raise self._refused(first, (), found, "write keys and values, such as `id: greet`")
        if self.problems:
            raise InvalidError(self.problems)
        return Document(file=self.file, data=data, marks=self.marks)

    def _value(self, event: Any, path: KeyPath) -> Json:
        """Consume one value, whose first event has been taken already."""
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, path)
        self._count(event, path, nodes=1, depth=len(path))
        tag = event.tag
        if tag is not None and tag not in _TEXT_TAGS:
            shown = tag.replace("tag:yaml.org,2002:", "!!")
            self._pass_over(event, path, f"the tag {shown} is not supported", "write the value without a tag")
        nodes, deepest, self.deepest = self.nodes, self.deepest, len(path)
        if isinstance(event, yaml.MappingStartEvent):
            built: Json = self._mapping(path)
        elif isinstance(event, yaml.SequenceStartEvent):
            built = self._sequence(path)
        else:
            built = self._scalar(event, path)
        if event.anchor:
            used = self.nodes - nodes + 1
            self.anchors[event.anchor] = _Anchored(value=built, nodes=used, depth=self.deepest - len(path))
        self.deepest = max(deepest, self.deepest)
        return built

    def _alias(self, event: Any, path: KeyPath) -> Json:
        """Return the value that the alias names. One that is still being built is not known yet, so no cycle arises."""
        anchored = self.anchors.get(event.anchor)
        if anchored is None:
            hint = f"write &{event.anchor} in front of an earlier value"
            self._pass_over(event, path, f"nothing above is called *{event.anchor}", hint)
            return None
        self._count(event, path, nodes=anchored.nodes, depth=len(path) + anchored.depth)
        return anchored.value

    def _mapping(self, path: KeyPath) -> JsonObject:
        """Consume the entries of a mapping."""
        entries: JsonObject = {}
        merged: JsonObject = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                self._pass_over(event, path, "a key must be text", TEMPLATE_HINT)
                self._value(event, path)
                self._value(next(self.events), path)
                continue
            if event.value == "<<" and event.implicit[0]:
                merged = {**self._merge(path), **merged}
                continue
            inner = (*path, event.value)
            if event.value in entries:
                first = self.marks[inner].line
                self._pass_over(event, inner, "the key is given twice", f"first in line {first}")
            else:
                self.marks[inner] = _mark(event)
            entries[event.value] = self._value(next(self.events), inner)
        return {**merged, **entries}

    def _merge(self, path: KeyPath) -> JsonObject:
        """Consume the value of a merge key: a mapping, or a list of mappings of which earlier ones win."""
        event = next(self.events)
        value = self._value(event, (*path, "<<"))
        sources = value if isinstance(value, list) else [value]
        together: JsonObject = {}
        for source in reversed(sources):
            if not isinstance(source, dict):
                hint = "write <<: *name-of-a-mapping"
                self._pass_over(event, (*path, "<<"), "only mappings can be merged", hint)
                continue
            together.update(source)
        return together

    def _sequence(self, path: KeyPath) -> list[Json]:
        """Consume the items of a sequence."""
        items: list[Json] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            inner = (*path, len(items))
            self.marks[inner] = _mark(event)
            items.append(self._value(event, inner))
        return items

    def _scalar(self, event: Any, path: KeyPath) -> Json:
        """Return the value of a scalar."""
        if event.tag is not None or not event.implicit[0]:
            return event.value
        try:
            return plain_scalar(event.value)
        except ValueError as error:
            self._pass_over(event, path, str(error), "quote it to keep it as text")
            return event.value

    def _count(self, event: Any, path: KeyPath, *, nodes: int, depth: int) -> None:
        """Account for values about to be built, before the cost arises."""
        self.nodes += nodes
        self.deepest = max(self.deepest, depth)
        if depth > MAX_DEPTH:
            raise self._refused(event, (), f"nested deeper than {MAX_DEPTH} levels", "flatten it")
        if self.nodes > MAX_NODES:
            raise self._refused(event, path, f"more than {MAX_NODES} values, aliases included", "split the file")

    def _refused(self, event: Any, path: KeyPath, message: str, hint: str) -> InvalidError:
        """Return the error for what begins at this event, and for all that was passed over."""
        self._pass_over(event, path, message, hint)
        return InvalidError(self.problems)

    def _pass_over(self, event: Any, path: KeyPath, message: str, hint: str) -> None:
        """Note what is wrong with what begins at this event, to go on after it."""
        here = Document(file=self.file, data={}, marks={path: _mark(event)})
        if len(self.problems) < _MOST_TOLD:
            self.problems.append(here.problem(path, message, hint=hint))


def _mark(event: Any) -> Mark:
    """Return where the event begins."""
    return Mark(event.start_mark.line + 1, event.start_mark.column + 1)
