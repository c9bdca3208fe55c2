"""Which version of a project a process runs: an outline of it, kept in the cache under its own digest.

An outline names each workflow with the digest of its compiled definition, and the entrypoint with the digest of its
text. Whoever finds two digests that differ can say in what. Modules that the entrypoint imports are not in it.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import attrs
import cattrs

from compozy.contracts.cache import KV
from compozy.domain.codec import from_json, to_json
from compozy.domain.definitions import Project
from compozy.domain.errors import NotFoundError
from compozy.domain.json import fingerprint

KEPT: Final = timedelta(hours=24)
"""How long an outline is kept after it was saved last."""

UNREADABLE: Final = (cattrs.BaseValidationError, KeyError, RecursionError, TypeError, ValueError)
"""What reading a text raises that this version did not write."""


@attrs.frozen(kw_only=True)
class Outline:
    """What a version of a project consists of, as digests (SHA-256, hexadecimal).

    Attributes:
        project: The project's name.
        workflows: Of each workflow's compiled definition, by its id. The values of the variables that its templates
            name are in it, and what it says about its tools.
        tools: Of the entrypoint's text; None when there is none, or it cannot be read.
    """

    project: str
    workflows: dict[str, str]
    tools: str | None = None

    @property
    def digest(self) -> str:
        """The digest of the whole."""
        return fingerprint(to_json(self))


def outline_of(project: Project, entrypoint: bytes | None) -> Outline:
    """Return the outline of a project.

    Args:
        project: Its workflows, compiled.
        entrypoint: What is in its entrypoint; None when there is none, or it cannot be read.
    """
    return Outline(
        project=project.name,
        workflows={workflow.id: fingerprint(to_json(workflow)) for workflow in project.workflows.values()},
        tools=None if entrypoint is None else hashlib.sha256(entrypoint).hexdigest(),
    )


def differing_workflows(one: Outline, other: Outline) -> Sequence[str]:
    """Return the ids, in order, of the workflows that are not the same in both, or are in one of them alone."""
    ids = one.workflows.keys() | other.workflows.keys()
    return sorted(each for each in ids if one.workflows.get(each) != other.workflows.get(each))


@attrs.frozen
class ConfigStore:
    """Outlines by project and digest, each for a day after it was saved last."""

    kv: KV

    async def save(self, outline: Outline) -> str:
        """Keep an outline for another day, and return its digest.

        What is kept under a digest is never written over: it can only be the same.

        Raises:
            UnavailableError: The cache cannot be reached now.
            ConflictError: The cache is full.
        """
        digest = outline.digest
        key = _key(outline.project, digest)
        if not await self.kv.expire(key, KEPT):
            await self.kv.set(key, json.dumps(to_json(outline)), ttl=KEPT, only_if_absent=True)
        return digest

    async def find(self, project: str, digest: str) -> Outline | None:
        """Return the outline with this digest; None when it is not kept, or what is kept is something else.

        Raises:
            UnavailableError: The cache cannot be reached now.
        """
        try:
            text = await self.kv.get(_key(project, digest))
        except NotFoundError:
            return None
        try:
            outline = from_json(json.loads(text), Outline)
        except UNREADABLE:
            return None
        return outline if outline.digest == digest else None


def _key(project: str, digest: str) -> str:
    return f"config:{project}:{digest}"
