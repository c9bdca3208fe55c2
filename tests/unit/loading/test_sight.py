"""Which tasks the ``outputs`` of a container may name."""


def workflow(kind):
    return f"""\
        id: w
        tasks:
          - id: all
            type: {kind}
            tasks:
              - {{id: first, tool: do}}
              - {{id: second, tool: do}}
            outputs: {{x: "{{{{ .tasks.first.output }}}} {{{{ .tasks.second.output }}}}"}}
        """


def test_the_outputs_of_a_composite_see_the_tasks_in_it(problems_of):
    assert problems_of(workflow("composite")) == []


def test_the_outputs_of_a_parallel_task_see_the_tasks_in_it_as_children_alone(problems_of):
    hint = "write .children.first.output"

    first, second = problems_of(workflow("parallel"))

    assert first == (
        f"w.yaml:8: tasks[0].outputs.x: the template names the task 'first', which is inside 'all' ({hint})"
    )
    assert second.startswith("w.yaml:8: tasks[0].outputs.x: the template names the task 'second'")
