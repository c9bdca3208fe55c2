"""What the pages show can be read by a machine, and what they point to is there."""

import ast
import json
import re

from compozy.config.project_file import ProjectFile
from compozy.config.validation import check_shape
from compozy.config.workflow_file import WorkflowFile
from compozy.config.yaml_files import parse_yaml
from compozy.templates import check

_LINK = re.compile(r"\]\(([^)\s]+)\)")


def shape_of(document):
    """Return the shape that a block of YAML is a part of, and the least that makes it a whole."""
    if "tasks" in document.data or "id" in document.data:
        return WorkflowFile, {"id": "whole", "tasks": [{"id": "whole"}]}
    return ProjectFile, {"name": "whole"}


def test_yaml_blocks_are_parts_of_projects_or_workflows(page):
    for block in page.blocks("yaml"):
        document = parse_yaml(block.encode(), file=page.name)
        shape, least = shape_of(document)
        document.data.update({**least, **document.data})
        problems = check_shape(document, shape)[1]
        check(document.data)

        assert not problems, f"{block}\n{list(map(str, problems))}"


def test_json_blocks_parse(page):
    for block in page.blocks("json"):
        json.loads(block)


def test_python_blocks_parse(page):
    for block in page.blocks("python"):
        compile(block, page.name, "exec", flags=ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def test_every_block_says_its_language(page):
    fences = re.findall(r"^```(.*)$", page.text, re.MULTILINE)

    assert all(fences[::2]), "begin each block with its language; text for plain text"
    assert not any(fences[1::2])


def test_relative_links_lead_to_files(page):
    targets = [link.partition("#")[0] for link in _LINK.findall(page.prose()) if "://" not in link]
    missing = [target for target in targets if target and not (page.path.parent / target).exists()]

    assert not missing


def test_no_page_names_a_place_on_a_machine(page):
    assert not re.findall(r"(?:/home/|/root/|/work/|/Users/)\S*", page.text)


def test_every_page_is_in_a_table_of_contents(page):
    if page.path.name in {"README.md", "index.md"}:
        return
    index = page.path.parent / "index.md"
    listed = re.findall(r"^([\w/-]+)$", index.read_text(encoding="utf-8"), re.MULTILINE)

    assert page.path.stem in listed
