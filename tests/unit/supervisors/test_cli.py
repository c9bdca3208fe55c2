"""The command line, and how it finds a tree by name."""

import io
import json
import sys

import pytest

from supervisors.program.cli import main
from supervisors.program.locate import TargetError, find_tree

APP = """
from supervisors import Tree, constant

tree = Tree("shop")
tree.add(constant(1), name="store", grace=1)
tree.add(constant(2), name="http", needs=("store",))
number = 5

class settings:
    other = Tree("other")

def make(size=3, *rest, **more):
    return tree

def nothing():
    return None

def picky(size, color):
    return tree

async def later():
    return tree
"""


@pytest.fixture
def app(tmp_path, monkeypatch):
    """Return the folder of a program ``shopapp``, which is the current directory."""
    (tmp_path / "shopapp.py").write_text(APP)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("shopapp:tree", "shop"),
        ("shopapp:make", "shop"),
        ("shopapp:settings.other", "other"),
        ("shopapp.py:tree", "shop"),
    ],
)
def test_tree_is_found_by_module_and_attribute(app, target, name):
    assert find_tree(target).name == name


def test_module_in_a_package_is_found_by_the_path_of_its_file(app):
    package = app / "far" / "away" / "package"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "names.py").write_text("NAME = 'deep'\n")
    (package / "trees.py").write_text("from supervisors import Tree\nfrom .names import NAME\ntree = Tree(NAME)\n")

    assert find_tree("far/away/package/trees.py:tree").name == "deep"


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("shopapp", "'shopapp' does not name a tree; write module:tree, for instance shopapp:tree"),
        (":tree", "does not name a tree"),
        ("shopapp:", "does not name a tree"),
        ("shopap:tree", "there is no module 'shopap' in .*; did you mean 'shopapp'\\?"),
        ("shopapp.trees:tree", "there is no module 'shopapp.trees'"),
        ("nowhere.at.all:tree", "there is no module 'nowhere'"),
        ("missing.py:tree", "there is no file missing.py; the current directory is "),
        ("shopapp:tre", "shopapp has no 'tre'; did you mean 'tree'\\?; its trees are tree"),
        ("shopapp:settings.othr", "settings has no 'othr'; did you mean 'other'\\?; its trees are tree"),
        ("shopapp:number", "shopapp:number is of type int, not a Tree or a function that returns one"),
        ("shopapp:nothing", r"shopapp:nothing\(\) returned None, not a Tree"),
        ("shopapp:picky", "shopapp:picky has parameters without a default: size, color; give them one"),
        ("shopapp:later", "shopapp:later is an async function; a tree is declared by a plain one"),
    ],
)
def test_target_that_is_no_tree_says_what_to_write(app, target, problem):
    with pytest.raises(TargetError, match=problem):
        find_tree(target)


def test_module_that_cannot_be_imported_shows_where_it_fails(app):
    (app / "broken.py").write_text("import json\n\nimport nosuchthing\n")
    (app / "faulty.py").write_text("import broken_inside\n")
    (app / "broken_inside.py").write_text(
        "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise OSError('no luck') from error\n"
    )

    with pytest.raises(TargetError) as missing:
        find_tree("broken:tree")
    with pytest.raises(TargetError) as failing:
        find_tree("faulty:tree")

    first, *_, last = str(missing.value).splitlines()
    assert first == "broken cannot be imported"
    assert last == "ModuleNotFoundError: No module named 'nosuchthing'"
    assert 'broken.py", line 3' in str(missing.value)
    assert "importlib" not in str(failing.value)
    assert 'broken_inside.py", line 4' in str(failing.value)
    assert str(failing.value).endswith("OSError: no luck")
    assert "ZeroDivisionError: division by zero" in str(failing.value)


def test_module_that_runs_its_tree_when_it_is_imported_is_told_how_not_to(app):
    (app / "eager.py").write_text("raise SystemExit(3)\n")

    with pytest.raises(TargetError, match=r"eager ended the program \(status 3\) while it was imported; .*__main__"):
        find_tree("eager:tree")


def test_ctrl_c_before_anything_runs_ends_the_command_quietly(app, capsys):
    (app / "interrupted.py").write_text("raise KeyboardInterrupt\n")

    assert main(["run", "interrupted:tree"]) == 130
    assert capsys.readouterr().err == ""


def test_plan_is_shown_as_text_and_as_json(app, capsys):
    assert main(["plan", "shopapp:tree"]) == 0
    text = capsys.readouterr().out
    assert main(["plan", "shopapp:tree", "-o", "json"]) == 0
    values = json.loads(capsys.readouterr().out)

    assert text.startswith("shop: 2 actors, ready within 60 s, down within 30 s\n")
    assert values["start_order"] == [["store"], ["http"]]


def test_plan_of_a_part_of_the_tree(app, capsys):
    assert main(["plan", "shopapp:tree", "--only", "store", "-o", "json"]) == 0

    assert json.loads(capsys.readouterr().out)["start_order"] == [["store"]]


def test_wrong_tree_has_a_line_per_problem_and_status_two(app, capsys):
    (app / "wrong.py").write_text(
        "from supervisors import Tree, constant\n"
        "tree = Tree('t')\n"
        "tree.add(constant(1), name='a', needs=('stroe',))\n"
        "tree.add(constant(1), name='b', needs=('x',))\n"
    )

    assert main(["plan", "wrong:tree"]) == 2
    assert main(["run", "wrong:tree"]) == 2
    lines = capsys.readouterr().err.splitlines()

    assert lines[0].startswith("'a' depends on 'stroe', which is not in the tree")
    assert lines[1].startswith("'b' depends on 'x', which is not in the tree")
    assert lines[2:] == lines[:2]


def test_unknown_part_and_missing_target_have_status_two(app, capsys):
    assert main(["plan", "shopapp:tree", "--only", "htp"]) == 2
    assert main(["plan", "shopapp:tre"]) == 2

    assert capsys.readouterr().err.splitlines() == [
        "tree 'shop' has no actor 'htp'; did you mean 'http'?",
        "shopapp has no 'tre'; did you mean 'tree'?; its trees are tree",
    ]


@pytest.mark.parametrize("argv", [[], ["fly"], ["replay", "x", "--at", "1", "--timeline"]])
def test_wrong_command_line_shows_the_usage(argv, capsys):
    with pytest.raises(SystemExit) as caught:
        main(argv)

    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("usage: python -m supervisors")


def test_version_is_told(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--version"])

    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("supervisors 0.")


LOG = """\
{"at":5,"name":"db","generation":0,"from":"declared","to":"waiting","cause":"tree opened","detail":""}
{"at":5,"name":"db","generation":1,"from":"waiting","to":"starting","cause":"dependencies ready","detail":""}
{"at":7.5,"name":"db","generation":1,"from":"starting","to":"ready","cause":"announced readiness","detail":""}
{"at":9,"name":"db","generation":1,"from":"ready","to":"draining","cause":"shutdown","detail":"SIGINT"}
"""


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text(LOG)
    return str(path)


def test_replay_shows_the_state_at_the_end(log, capsys):
    assert main(["replay", log]) == 0

    assert capsys.readouterr().out.splitlines() == [
        "after event 4: db#1 ready -> draining (shutdown: SIGINT)",
        "the tree is stopping: SIGINT",
        "actor  state     for  generation  why",
        "db     draining  0 s           1  shutdown: SIGINT",
    ]


def test_replay_shows_the_state_after_an_event(log, capsys):
    assert main(["replay", log, "--at", "3", "-o", "json"]) == 0

    values = json.loads(capsys.readouterr().out)
    assert (values["number"], values["stopping"]) == (3, None)
    assert values["event"]["to"] == "ready"
    assert [(row["name"], row["state"], row["since"]) for row in values["actors"]] == [("db", "ready", 7.5)]


def test_what_the_terminal_cannot_show_is_shown_in_ascii(tmp_path, monkeypatch):
    (tmp_path / "log").write_text(LOG.replace("SIGINT", r"\udcff \u2192 x"))
    output = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    monkeypatch.setattr(sys, "stdout", output)

    assert main(["replay", str(tmp_path / "log")]) == 0

    assert rb"the tree is stopping: \udcff \u2192 x" in output.buffer.getvalue()


def test_replay_shows_the_timeline(log, capsys):
    assert main(["replay", log, "--timeline"]) == 0
    assert capsys.readouterr().out.startswith("ready after 2.5 s: db\n")
    assert main(["replay", log, "--timeline", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["total"] == 2.5


@pytest.mark.parametrize("number", ["0", "-1", "5"])
def test_replay_of_an_event_that_is_not_in_the_log_says_how_many_there_are(log, number, capsys):
    assert main(["replay", log, "--at", number]) == 2

    assert capsys.readouterr().err == f"there is no event {number}; the log has 4, from 1\n"


def test_replay_of_what_is_no_log_says_why(tmp_path, capsys):
    (tmp_path / "empty").write_text("")
    (tmp_path / "text").write_text("hello\n")
    (tmp_path / "gap").write_text("".join(LOG.splitlines(keepends=True)[::2]))
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")

    statuses = [main(["replay", str(tmp_path / name)]) for name in ("empty", "text", "gap", "bytes", "absent")]

    assert statuses == [2] * 5
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "there is no event 0; the log has 0"
    assert lines[1] == "event 1: not JSON: Expecting value at column 1"
    assert lines[2] == "event 2: 'db' goes from starting to ready, but event 1 has left it at waiting"
    assert lines[3] == lines[1]
    assert "No such file" in lines[4]
