"""The plugin for pytest, as its user sees it: tests that pass, tests that fail, and what is then shown."""

import subprocess
import sys

import pytest

# What the tests of the user share: a shop whose store fails once it is told to.
SHOP = """
    import subprocess, sys, threading
    import pytest, trio
    from supervisors import State, Tree, TreeFailed
    from supervisors.testing import Journal

    def service(name, takes=0):
        async def serve(ctx):
            ctx.started(name)
            await ctx.stopping.wait()
            await trio.sleep(takes)
        return serve

    def shop(name="shop", error=None, **options):
        tree = Tree(name)
        box = trio.Event()

        async def store(ctx):
            ctx.started("the store")
            await box.wait()
            raise error or ValueError("disk full")

        tree.add(store, name="store", grace=0.01, **options)
        tree.add(service("http"), name="http", needs=("store",))
        return tree, box
"""


@pytest.fixture
def run_tests(pytester, monkeypatch):
    """Return a function that runs tests with the plugin, strict about all that pytest is strict about."""
    # As in a program of its own: pytest warns of plugins that were imported before it could rewrite their assertions.
    monkeypatch.delitem(sys.modules, "supervisors.testing", raising=False)
    pytester.makeconftest('pytest_plugins = ("supervisors.testing",)')
    pytester.makeini("""
        [pytest]
        trio_mode = true
        addopts = --strict-config --strict-markers --import-mode=importlib
        filterwarnings = error
    """)

    def run(source: str, *args: str, shared: str = SHOP) -> pytest.RunResult:
        path = pytester.makepyfile(test_user=shared)
        path.write_text(path.read_text() + "\n\n" + "\n".join(line[4:] for line in source.splitlines()) + "\n")
        return pytester.runpytest_inprocess("-p", "no:cacheprovider", *args)

    return run


@pytest.mark.slow
def test_tree_is_open_for_the_test_and_stopped_after_it(run_tests):
    result = run_tests("""
    journal = Journal()

    async def test_it(open_tree):
        tree, _ = shop()
        live = await open_tree(tree, on_event=journal)
        assert live["store"].get() == "the store"
        assert live.is_ready

    def test_afterwards():
        assert journal.names(State.STOPPED) == ["http", "store"]
    """)

    result.assert_outcomes(passed=2)


@pytest.mark.slow
def test_trees_are_stopped_in_reverse_order_also_when_an_earlier_one_fails(run_tests):
    result = run_tests("""
    journal = Journal()

    @pytest.mark.xfail(raises=ValueError)
    async def test_it(open_tree):
        failing, box = shop("failing", retries=0)
        for name, takes in (("first", 0), ("second", 0.05), ("third", 0.1)):
            tree = Tree(name)
            tree.add(service(name, takes), name=name)
            await open_tree(tree, on_event=journal)
            if name == "first":
                await open_tree(failing, on_event=journal)
        box.set()
        await trio.sleep_forever()

    def test_afterwards():
        stopped = journal.names(State.STOPPED)
        assert [name for name in stopped if name != "http"] == ["third", "second", "first"]
    """)

    result.assert_outcomes(xfailed=1, passed=1)


@pytest.mark.slow
def test_crash_in_the_background_fails_a_test_that_waits_with_the_root_cause(run_tests):
    result = run_tests("""
    async def test_it(open_tree):
        tree, box = shop(retries=0)
        await open_tree(tree)
        box.set()
        await trio.sleep_forever()
    """)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            ">*raise error or ValueError(*",
            "E*ValueError: disk full",
            "E*actor 'store', generation 1",
            "E*failed -> gave_up*",
            "E*tree 'shop' failed because of store",
            "FAILED *::test_it - ValueError: disk full",
        ]
    )
    result.stdout.no_fnmatch_line("*Exception Group*")
    result.stdout.no_fnmatch_line("*incarnation.py*")


def test_restarts_take_no_time_on_a_mock_clock_and_are_no_failure(run_tests):
    result = run_tests("""
    async def test_it(open_tree, autojump_clock):
        tree, box = shop()
        journal = Journal()
        await open_tree(tree, on_event=journal)
        box.set()
        third = await journal.wait_for("store", State.READY, times=3)
        assert third.generation == 3
    """)

    result.assert_outcomes(passed=1)


def test_backoff_is_the_same_in_every_run(run_tests):
    result = run_tests("""
    times = []

    @pytest.mark.parametrize("attempt", [1, 2])
    async def test_it(open_tree, autojump_clock, attempt):
        tree, box = shop()
        journal = Journal()
        await open_tree(tree, on_event=journal)
        began = trio.current_time()
        box.set()
        times.append((await journal.wait_for("store", State.READY, times=4)).at - began)

    def test_same():
        assert times[0] == pytest.approx(times[1])
    """)

    result.assert_outcomes(passed=3)


def test_failure_of_the_test_itself_comes_after_that_of_the_tree(run_tests):
    result = run_tests("""
    async def test_it(open_tree):
        tree, box = shop(retries=0)
        await open_tree(tree)
        box.set()
        try:
            await trio.sleep_forever()
        finally:
            assert box is None
    """)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*a tree failed, and so did the test*",
            "*TreeFailed: tree 'shop'*",
            "*ValueError: disk full",
            "*AssertionError*",
        ]
    )


@pytest.mark.slow
def test_several_root_causes_are_shown_together(run_tests):
    result = run_tests("""
    async def test_it(open_tree):
        one, first = shop("one", retries=0)
        two, second = shop("two", LookupError("no network"), retries=0)
        await open_tree(one)
        await open_tree(two)
        first.set()
        second.set()
        await trio.sleep_forever()
    """)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines_random(["*ValueError: disk full", "*LookupError: no network", "*tree 'two' failed*"])


def test_failure_to_open_is_raised_where_the_tree_is_opened(run_tests):
    result = run_tests("""
    async def broken(ctx):
        raise ValueError("no disk")

    async def test_caught(open_tree):
        tree = Tree("shop")
        tree.add(broken)
        with pytest.raises(TreeFailed):
            await open_tree(tree)

    async def test_not_caught(open_tree):
        tree = Tree("shop")
        tree.add(broken)
        await open_tree(tree)
    """)

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["E*ValueError: no disk", "FAILED *::test_not_caught - ValueError: no disk"])


def test_cancelled_opening_undoes_itself_and_the_test_goes_on(run_tests):
    result = run_tests("""
    async def never_ready(ctx):
        await trio.sleep_forever()

    async def test_it(open_tree, autojump_clock):
        tree = Tree("shop")
        tree.add(never_ready)
        with trio.move_on_after(1) as scope:
            await open_tree(tree)
        assert scope.cancelled_caught
        live = await open_tree(shop()[0])
        assert live.is_ready
    """)

    result.assert_outcomes(passed=1)


def test_abandoned_actor_fails_the_test_and_is_told_of_at_once_with_its_stack(run_tests):
    result = run_tests("""
    async def hang_in_here(ctx):
        ctx.started()
        with trio.CancelScope(shield=True):
            await trio.sleep(50_000)

    async def test_it(open_tree, autojump_clock):
        tree = Tree("shop")
        tree.add(hang_in_here, name="hog")
        await open_tree(tree)
    """)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*AbandonedError: did not end*", "*'hog' hangs here*", "*in hang_in_here"])
    result.stderr.fnmatch_lines(["the test cannot end before this does:", "*hog*", "*in hang_in_here"])


@pytest.mark.slow
@pytest.mark.parametrize("end", ["pass", "assert threading is None"])
def test_thread_and_child_that_are_left_fail_the_test_by_name(run_tests, end):
    result = run_tests(f"""
    release = threading.Event()
    children = []

    async def test_it(open_tree):
        await open_tree(shop()[0])
        threading.Thread(target=release.wait, name="ticker").start()
        children.append(subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE))
        {end}

    def test_no_other_test_is_blamed():
        release.set()
        with children[0] as child:
            child.communicate(b"\\n")
    """)

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*left behind: thread 'ticker'; child process * (*input()*)"])


def test_child_that_nobody_waited_for_is_left_too(run_tests):
    result = run_tests("""
    children = []

    async def test_it(open_tree):
        children.append(subprocess.Popen(["true"], stdout=subprocess.PIPE))
        children[0].stdout.read()  # it has ended, or is about to

    def test_clean_up():
        with children[0]:
            pass
    """)

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["left behind: child process *"])


def test_children_and_threads_of_actors_and_of_fixtures_that_end_later_are_no_leftovers(run_tests):
    result = run_tests("""
    @pytest.fixture
    async def helper():
        release = threading.Event()
        thread = threading.Thread(target=release.wait)
        thread.start()
        yield
        await trio.sleep(0.01)
        release.set()
        thread.join()

    async def test_it(open_tree, helper):
        tree = Tree("shop")

        @tree.actor
        async def child(ctx):
            await trio.to_thread.run_sync(len, "a thread that trio keeps")
            await ctx.process([sys.executable, "-c", "input()"])

        await open_tree(tree)
    """)

    result.assert_outcomes(passed=1)


def test_sync_test_is_told_that_the_fixture_is_for_async_ones(run_tests):
    result = run_tests("""
    def test_it(open_tree):
        pass
    """)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*Trio fixtures can only be used by Trio tests*"])


@pytest.mark.slow
def test_plugin_works_in_the_workers_of_xdist(run_tests):
    result = run_tests(
        """
    @pytest.mark.parametrize("number", [1, 2])
    async def test_it(open_tree, number):
        await open_tree(shop()[0])
    """,
        "-n1",
    )

    result.assert_outcomes(passed=2)


@pytest.mark.slow
def test_the_library_itself_does_not_import_pytest():
    source = """
import importlib, pkgutil, sys, supervisors

for each in pkgutil.iter_modules(supervisors.__path__):
    if each.name not in {"testing", "__main__"}:
        importlib.import_module(f"supervisors.{each.name}")
assert not {"pytest", "pytest_trio"} & set(sys.modules), "imports pytest"
"""

    subprocess.run([sys.executable, "-c", source], check=True)
