"""Requests as tools are given them: what may be in one, decided before anything is connected to."""

import json
import re
from collections.abc import Mapping
from typing import Final

import httpx

from compozy.domain.json import JsonObject
from compozy.drivers.tools.builtins.failures import Code, failure

_LONGEST_URL: Final = 8192
_LAST_PORT: Final = 65535
_HOST: Final = re.compile(rb"[A-Za-z0-9._-]+|\[?[0-9A-Fa-f:.]+\]?")
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
# Where a request ends and to whom it goes is not up to the caller; what goes from one hop to the next is not either.
_REFUSED: Final = frozenset(
    {"connection", "content-length", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)
_REFUSED_PREFIXES: Final = ("proxy-", ":")
_HARMLESS: Final = frozenset(
    {"accept", "accept-encoding", "accept-language", "content-type", "user-agent", "content-length"}
)


def checked_url(text: str) -> httpx.URL:
    """Return a URL that may be asked for, as far as its text tells.

    Raises:
        ToolError: ``URL_REFUSED``.
    """
    if len(text) > _LONGEST_URL:
        raise _refused(text, f"is longer than {_LONGEST_URL} characters")
    # What one reader of URLs drops and another does not makes two of them see two hosts.
    if text != text.strip() or any(character in text for character in "\\\t\r\n\0"):
        raise _refused(text, "contains a blank at an end, a backslash or a control character")
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise _refused(text, f"is not a URL: {error}") from error
    check_target(url)
    return url


def check_target(url: httpx.URL) -> None:
    """Refuse what is not plain HTTP to a named host; redirects are checked too.

    Raises:
        ToolError: ``URL_REFUSED``.
    """
    shown = str(url.copy_with(username="", password="")) if url.userinfo else str(url)
    if url.scheme not in {"http", "https"}:
        raise _refused(shown, "is not of http or https")
    if not url.host:
        raise _refused(shown, "names no host")
    if not _HOST.fullmatch(url.raw_host):
        raise _refused(shown, "names a host that cannot be one")
    if url.port is not None and not 0 < url.port <= _LAST_PORT:
        raise _refused(shown, "has no port that there is")
    if url.userinfo:
        raise _refused(shown, "contains a user name; send the header 'Authorization' instead")


def checked_headers(given: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of a request.

    Raises:
        ToolError: ``HEADER_REFUSED``: one could end its line, or is not up to the caller.
    """
    for name, value in given.items():
        if not _TOKEN.fullmatch(name):
            raise _refused_header(name, "is no name of a header")
        if name.lower() in _REFUSED or name.lower().startswith(_REFUSED_PREFIXES):
            raise _refused_header(name, "is not up to the caller")
        if _CONTROL.search(value) or not value.isascii():
            raise _refused_header(name, "has a value with a line end, a control character or one outside ASCII")
    return dict(given)


def encoded_body(given: JsonObject, headers: Mapping[str, str]) -> tuple[bytes | None, dict[str, str]]:
    """Return a request's body, and its headers with the type of a body that is made JSON."""
    if given.get("body") is None:
        return None, dict(headers)
    body = given["body"]
    if isinstance(body, str):
        return body.encode("utf-8", "replace"), dict(headers)
    is_typed = any(name.lower() == "content-type" for name in headers)
    typed = dict(headers) if is_typed else {**headers, "Content-Type": "application/json"}
    return json.dumps(body, separators=(",", ":")).encode(), typed


def next_request(response: httpx.Response) -> httpx.Request | None:
    """Return the request that a redirect asks for; None when the answer is no redirect.

    To another origin go only headers that give nothing away: which others are secrets, nobody here knows.

    Raises:
        ToolError: ``URL_REFUSED``: it leads to something else than plain HTTP.
    """
    request = response.next_request
    if request is None:
        return None
    check_target(request.url)
    before = response.request.url
    if (before.scheme, before.host, before.port) != (request.url.scheme, request.url.host, request.url.port):
        kept = {name: value for name, value in request.headers.items() if name.lower() in {*_HARMLESS, "host"}}
        request.headers = httpx.Headers(kept)
    return request


def _refused(url: str, why: str) -> Exception:
    return failure(Code.URL_REFUSED, f"URL {url[:200]!r} {why}", url=url[:200])


def _refused_header(name: str, why: str) -> Exception:
    return failure(Code.HEADER_REFUSED, f"header {name[:100]!r} {why}", header=name[:100])
