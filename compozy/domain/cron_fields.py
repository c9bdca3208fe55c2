"""One field of a cron expression: the numbers that ``*/15``, ``MON-FRI`` or ``1,2,10-20`` stand for."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from compozy.domain.errors import InvalidError, Problem
from compozy.domain.suggestions import did_you_mean

_EVERY: Final = ("*", "?")
_MOST_DIGITS: Final = 6
_QUARTZ: Final = re.compile(r"(?:[0-9]+|[A-Z]{3})?(?P<mark>LW|L|W|#)[0-9]*")
_INSTEAD: Final = {
    mark: f"{what} cannot be told here; run on {days} and let the condition of a task decide"
    for mark, what, days in (
        ("L", "the last day", "days 28-31"),
        ("W", "the nearest weekday", "MON-FRI"),
        ("LW", "the last weekday", "days 26-31"),
        ("#", "the n-th weekday of a month", "every such weekday"),
    )
}


@attrs.frozen(kw_only=True)
class Field:
    """What one field may say.

    Attributes:
        name: For people.
        lowest: Its least number.
        highest: Its greatest.
        names: Words that stand for numbers, in capitals.
    """

    name: str
    lowest: int
    highest: int
    names: Mapping[str, int] = attrs.Factory(dict)

    @property
    def all(self) -> frozenset[int]:
        """Every number of the field."""
        return frozenset(range(self.lowest, self.highest + 1))

    def parse(self, text: str) -> frozenset[int]:
        """Return the numbers that a field stands for.

        Args:
            text: A list, separated by commas, of ``*`` or ``?``, numbers or names, ranges such as ``1-5`` and steps
                such as ``*/15``, ``10-40/10`` or ``5/10``, which goes on to the end.

        Raises:
            InvalidError: It is none of this, or leaves the field's limits.
        """
        return frozenset(number for item in text.split(",") for number in self._item(item, text))

    def _item(self, item: str, text: str) -> Iterator[int]:
        base, has_step, step_text = item.partition("/")
        step = self._step(step_text, text) if has_step else 1
        if base in _EVERY:
            return iter(range(self.lowest, self.highest + 1, step))
        first_text, is_range, last_text = base.partition("-")
        first = self._number(first_text, text)
        if is_range:
            last = self._number(last_text, text)
            if self.names and last < first and last_text == "SUN":
                last = self.highest
        else:
            last = self.highest if has_step else first
        if last < first:
            hint = f"write {first_text}-{self.highest},{self.lowest}-{last_text} to go over the end"
            raise self._refusal(text, f"the range {base!r} runs backwards", hint)
        return iter(range(first, last + 1, step))

    def _step(self, text: str, whole: str) -> int:
        if not _is_number(text) or not int(text):
            raise self._refusal(whole, f"the step {text!r} is not a number above 0", "write for example */5")
        return int(text)

    def _number(self, text: str, whole: str) -> int:
        if text in self.names:
            return self.names[text]
        if not _is_number(text):
            raise self._refusal(whole, f"{text!r} is not a number{self._or_name}", self._hint_for(text))
        number = int(text)
        if not self.lowest <= number <= self.highest:
            raise self._refusal(whole, f"{number} is not in {self.lowest}-{self.highest}", None)
        return number

    @property
    def _or_name(self) -> str:
        return " or a name" if self.names else ""

    def _hint_for(self, text: str) -> str:
        if found := _QUARTZ.fullmatch(text):
            return _INSTEAD[found["mark"]]
        if self.names and text:
            return did_you_mean(text, self.names)
        return f"write * or numbers from {self.lowest} to {self.highest}, as in 5 or 1,2 or 1-9 or */2"

    def _refusal(self, text: str, said: str, hint: str | None) -> InvalidError:
        return InvalidError(Problem(message=f"{self.name} {text!r}: {said}", hint=hint))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS


def _numbered(words: str, first: int) -> dict[str, int]:
    return {word: number for number, word in enumerate(words.split(), first)}


SECOND: Final = Field(name="second", lowest=0, highest=59)
MINUTE: Final = Field(name="minute", lowest=0, highest=59)
HOUR: Final = Field(name="hour", lowest=0, highest=23)
DAY: Final = Field(name="day of the month", lowest=1, highest=31)
MONTH: Final = Field(
    name="month", lowest=1, highest=12, names=_numbered("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC", 1)
)
WEEKDAY: Final = Field(name="day of the week", lowest=0, highest=7, names=_numbered("SUN MON TUE WED THU FRI SAT", 0))
"""0 and 7 are both Sunday."""
YEAR: Final = Field(name="year", lowest=2000, highest=2100)
"""As far as the calendars of Temporal reach."""
