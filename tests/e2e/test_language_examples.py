"""The examples of the language do what their READMEs say."""

import pytest

from compozy.app import Options, open_runtime
from compozy.domain.statuses import Status
from compozy.testing import open_cluster

pytestmark = pytest.mark.slow

# Each: the folder, the workflow, its input, and what must come of it.
CASES = [
    ("tools-in-typescript", "buy", {"fruit": "pears", "count": 2}, {"receipt": "pears: 6 EUR"}),
    ("router", "ship", {"weight_kg": 12}, {"route": "quote", "price": 4}),
    ("router", "ship", {"weight_kg": 2000}, {"route": "ask", "price": "none"}),
    ("nested-tasks", "plan-trip", {}, {"travel": 60, "stay": 210}),
    (
        "collection-map-reduce",
        "count",
        {"texts": ["to be", "", "or not to be"]},
        {"texts": 2, "words": {"be": 2, "not": 1, "or": 1, "to": 2}},
    ),
    ("error-handling", "pay", {"card": "flaky"}, {"paid": "yes", "answer": "thank you"}),
    (
        "error-handling",
        "pay",
        {"card": "declined"},
        {"paid": "no", "answer": "We are sorry: tool 'charge' raised CardDeclinedError: the bank declined the card"},
    ),
    (
        "prompt-only",
        "analyze",
        {"text": "Rain all day."},
        {"summary": "It is about the weather.", "mood": "glad"},
    ),
    (
        "prompt-only",
        "analyze",
        {"text": "I like it here."},
        {
            "summary": "mock tiny 10a294c4: Say in one sentence what this text is about: I like it here.",
            "mood": "glad",
        },
    ),
    (
        "memory",
        "ask",
        {"guest": "ada", "question": "Is there tea?"},
        {"answer": "mock tiny d84291f0: Is there tea?", "notes": 1},
    ),
    (
        "memory",
        "ask",
        {"guest": "ada", "question": "And milk?"},
        {"answer": "mock tiny a21c2cea after 2 messages: And milk?", "notes": 2},
    ),
    ("memory", "forget", {"guest": "ada"}, {"forgotten": 4, "other_guests": 0}),
]


DISTRIBUTED = ["collection-map-reduce", "memory", "nested-tasks"]
"""Those that are run on PostgreSQL, Redis and a Temporal server as well."""


@pytest.fixture
def site():
    with open_cluster() as cluster, cluster.open_site() as site:
        yield site


async def run_cases(folder, options):
    """Run the workflows of an example, and compare what comes of them."""
    async with open_runtime(options) as app:
        for _, workflow, input_, expected in (case for case in CASES if case[0] == folder):
            execution = await app.executions.run(workflow, input_)

            assert (execution.workflow.status, execution.workflow.output) == (Status.SUCCESS, expected)


@pytest.mark.parametrize("folder", sorted({folder for folder, *_ in CASES}))
async def test_an_example_does_what_its_readme_says(folder, tmp_path, pytestconfig):
    path = pytestconfig.rootpath / "examples" / folder

    await run_cases(folder, Options(path=path, environ={}, flags={"state_dir": str(tmp_path)}))


async def test_examples_do_the_same_on_postgres_redis_and_a_temporal_server(site, pytestconfig, subtests):
    for folder in DISTRIBUTED:
        with subtests.test(folder):
            await run_cases(folder, Options(path=pytestconfig.rootpath / "examples" / folder, environ=site.environ))

    assert len(site.query("SELECT exec_id FROM workflow_states")) == sum(case[0] in DISTRIBUTED for case in CASES)
