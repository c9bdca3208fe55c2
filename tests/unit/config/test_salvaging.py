"""What is left of a document that has not its shape, and where in the file that is."""

from compozy.config.documents import UNKNOWN
from compozy.config.project_file import ProjectFile
from compozy.config.salvaging import check_or_salvage, salvage
from compozy.config.workflow_file import WorkflowFile


def test_what_is_wrong_is_left_out_and_the_rest_keeps_its_places(document_of):
    document = document_of("""
        id: w
        tasks:
          - {tool: do}
          - {id: b, tool: do, retrys: 3}
          - 7
          - id: c
            type: parallel
            tasks:
              - {tool: do}
              - id: x
                tool: do
        triggers: [{type: mail}, {type: signal, name: go}]
        """)

    left, file = salvage(document, WorkflowFile)

    assert [task.id for task in file.tasks] == ["b", "c"]
    assert [task.id for task in file.tasks[1].tasks] == ["x"]
    assert [trigger.name for trigger in file.triggers] == ["go"]
    problem = left.problem(("tasks", 1, "tasks", 0, "tool"), "is gone")
    assert str(problem) == "test.yaml:12: tasks[3].tasks[1].tool: is gone"
    assert left.problem(("triggers", 0), "x").key == "triggers[1]"
    assert left.left_out == {
        ("tasks", 0),
        ("tasks", 1, "retries"),
        ("tasks", 2),
        ("tasks", 3, "tasks", 0),
        ("triggers", 0),
        ("triggers", 0, "type"),
    }


def test_a_document_in_shape_is_left_alone(document_of):
    document = document_of("name: a\n")

    left, file, problems = check_or_salvage(document, ProjectFile)

    assert left is document
    assert (file.name, problems) == ("a", [])


def test_a_file_without_its_name_is_salvaged_all_the_same(document_of):
    left, file = salvage(document_of("tools: [{id: do}]\n"), ProjectFile)

    assert [tool.id for tool in file.tools] == ["do"]
    assert left.left_out == {("name",)}


def test_a_file_of_which_nothing_is_left_is_not_salvaged(document_of):
    assert salvage(document_of("id: w\ntasks: 5\n"), WorkflowFile) is None
    assert salvage(document_of("id: w\ntasks: [5, {tool: do}]\n"), WorkflowFile) is None


def test_a_key_that_is_like_none_may_have_been_meant_as_any(document_of):
    left, _ = salvage(document_of("id: w\ntasks: [{id: a, tool: do, colour: red}]\nzzz: 1\n"), WorkflowFile)

    assert left.left_out == {("tasks", 0, UNKNOWN), (UNKNOWN,)}


def test_what_an_alias_shares_is_left_out_once_at_each_place(document_of):
    document = document_of("""
        id: w
        tasks:
          - {id: a, type: parallel, tasks: &shared [{tool: do}, {id: x, tool: do}]}
          - {id: b, type: parallel, tasks: *shared}
        """)

    left, file = salvage(document, WorkflowFile)

    assert [[child.id for child in task.tasks] for task in file.tasks] == [["x"], ["x"]]
    assert left.problem(("tasks", 1, "tasks", 0), "x").key == "tasks[1].tasks[1]"
    assert len(document.data["tasks"][0]["tasks"]) == 2


def test_more_mistakes_than_anybody_reads_are_not_worth_a_look(document_of):
    tasks = ", ".join(f"{{id: a{number}, tol: x}}" for number in range(201))

    assert salvage(document_of(f"id: w\ntasks: [{tasks}]\n"), WorkflowFile) is None
