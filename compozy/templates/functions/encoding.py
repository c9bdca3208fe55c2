"""Functions between a value and its written forms: JSON, base64, digests, and escapes for other languages."""

import base64
import binascii
import hashlib
import html
import json
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote_plus

from compozy.domain.json import Json
from compozy.templates.errors import ArgumentError
from compozy.templates.functions.arguments import text
from compozy.templates.numerals import parse_json
from compozy.templates.values import to_json

_SCRIPT_ESCAPES: Final = str.maketrans(
    {character: f"\\u{ord(character):04X}" for character in "<>&=\u2028\u2029"} | {"'": "\\'"}
)


def _from_json(value: Json) -> Json:
    try:
        return parse_json(text(value))
    except ValueError as error:
        raise ArgumentError(f"not JSON: {error}") from error


def _utf8(value: Json) -> bytes:
    try:
        return text(value).encode()
    except UnicodeEncodeError as error:
        raise ArgumentError("the text holds half a surrogate pair, which UTF-8 cannot write") from error


def _decode_base64(value: Json) -> str:
    try:
        return base64.b64decode(_utf8(value), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ArgumentError("not base64 of a UTF-8 text") from error


def _escape_script(value: Json) -> str:
    return json.dumps(text(value), ensure_ascii=False)[1:-1].translate(_SCRIPT_ESCAPES)


def _escape_markup(value: Json) -> str:
    return html.escape(text(value))


TABLE: Final[Mapping[str, Callable[..., Any]]] = {
    "toJson": to_json,
    "toRawJson": to_json,
    "toPrettyJson": lambda value: to_json(value, indent=2),
    "fromJson": _from_json,
    "b64enc": lambda value: base64.b64encode(_utf8(value)).decode(),
    "b64dec": _decode_base64,
    "sha256sum": lambda value: hashlib.sha256(_utf8(value)).hexdigest(),
    "htmlEscape": _escape_markup,
    "htmlAttrEscape": _escape_markup,
    "html": _escape_markup,
    "jsEscape": _escape_script,
    "js": _escape_script,
    "urlquery": lambda value: quote_plus(_utf8(value)),
}
"""Every encoding by its name in templates."""
