"""Versions of a project, as digests that say in what they differ."""

from datetime import timedelta

import attrs
import pytest
import trio

from compozy.domain.definitions import TaskDefinition
from compozy.engine.config_store import KEPT, ConfigStore, differing_workflows, outline_of

DAY_S = timedelta(days=1).total_seconds()


@pytest.fixture
def configs(kv):
    return ConfigStore(kv)


def test_same_files_have_the_same_digest_in_whatever_order_they_were_read(a_project):
    one, other = a_project(greet="say", order="buy"), a_project(order="buy", greet="say")

    assert outline_of(one, b"x").digest == outline_of(other, b"x").digest


def test_tools_are_part_of_the_version(a_project):
    project = a_project(greet="say")

    assert len({outline_of(project, text).digest for text in (b"x", b"y", b"", None)}) == 4


def test_workflows_that_changed_came_or_went_differ_and_no_others(a_project):
    before = outline_of(a_project(same="say", changed="say", gone="say"), None)
    after = outline_of(a_project(same="say", changed="shout", came="say"), None)

    assert differing_workflows(before, after) == differing_workflows(after, before) == ["came", "changed", "gone"]


def test_any_part_of_a_definition_makes_it_another(a_project):
    project = a_project(greet="say")
    greet = project.workflows["greet"]
    changed = [
        attrs.evolve(greet, description="says hello"),
        attrs.evolve(greet, env={"REGION": "eu"}),
        attrs.evolve(greet, tasks=(*greet.tasks, TaskDefinition(id="more", timeout=timedelta(seconds=1)))),
    ]

    outlines = [outline_of(attrs.evolve(project, workflows={"greet": each}), None) for each in (greet, *changed)]
    assert len({outline.digest for outline in outlines}) == 4


async def test_what_was_saved_is_found_by_its_digest(configs, outline):
    digest = await configs.save(outline)

    assert await configs.find("shop", digest) == outline
    assert await configs.find("other", digest) is None
    assert await configs.find("shop", "0" * 64) is None


async def test_it_is_kept_for_a_day_after_it_was_saved_last(configs, outline, autojump_clock):
    digest = await configs.save(outline)
    await trio.sleep(DAY_S / 2)
    await configs.save(outline)

    await trio.sleep(DAY_S - 1)
    assert await configs.find("shop", digest) == outline
    await trio.sleep(1)
    assert await configs.find("shop", digest) is None


async def test_it_is_written_once_and_then_only_renewed(configs, kv, outline):
    digest = await configs.save(outline)
    await kv.set(f"config:shop:{digest}", "somebody else's", ttl=timedelta(seconds=1))
    await configs.save(outline)

    assert await kv.get(f"config:shop:{digest}") == "somebody else's"
    assert await kv.ttl(f"config:shop:{digest}") == pytest.approx(KEPT, abs=timedelta(seconds=9))


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"project": "shop", "workflows": {}}', '{"project": "shop", "workflows": 3}', "[" * 100_000],
)
async def test_text_that_is_no_outline_or_another_one_is_as_good_as_none(configs, kv, outline, text):
    await kv.set(f"config:shop:{outline.digest}", text)

    assert await configs.find("shop", outline.digest) is None
