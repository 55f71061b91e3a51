"""The scenario as text: read with all problems at once, and rewritten so that comments, order and spelling stay."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from workbench.document.check import check
from workbench.document.nodes import Node, Tree, tree
from workbench.document.patch import patched
from workbench.document.places import line_at, line_of, node_at
from workbench.document.problems import Problem, in_order
from workbench.document.scenario import FORMAT, Scenario
from workbench.document.upgrade import format_problem, upgraded
from workbench.document.validation import found, salvage
from workbench.document.written import block, written


@dataclass(frozen=True)
class Document:
    """A text and what it says: the scenario (of what could be read), and all problems in the order of their lines."""

    text: str
    scenario: Scenario
    problems: tuple[Problem, ...]

    @property
    def is_readable(self) -> bool:
        """Whether the text is a scenario, perhaps with mistakes; if not, rewriting it would lose all that it says."""
        return _reading(self.text).is_scenario

    @property
    def refused(self) -> tuple[Problem, ...]:
        """The problems because of which it cannot be run."""
        return tuple(problem for problem in self.problems if problem.refuses)

    def with_problems(self, more: Iterable[Problem]) -> Document:
        """The document with problems that others found in its scenario; they are given their lines here."""
        reading = _reading(self.text)
        new = [problem for problem in more if not _follows(reading, problem)]
        lined = [problem if problem.line else problem.at(_line(reading, problem.place)) for problem in new]
        return Document(self.text, self.scenario, in_order([*self.problems, *lined]))


@dataclass(frozen=True)
class _Reading:
    """What reading a text led to. `gone` are the `id`s of nodes in lists that the scenario leaves out.

    `left_out` are the ids of the stages, workers and architectures among them.
    """

    text: str
    tree: Tree
    scenario: Scenario
    problems: tuple[Problem, ...]
    is_scenario: bool = False
    gone: frozenset[int] = frozenset()
    left_out: frozenset[str] = frozenset()


def read(text: str) -> Document:
    """The document that a text is; never raises for what the user wrote.

    What does not validate is left out of the scenario, down to an empty one, and stays in the text.
    """
    reading = _reading(text)
    document = Document(reading.text, reading.scenario, reading.problems)
    return document.with_problems(check(reading.scenario)) if reading.is_scenario else document


def rewrite(text: str, scenario: Scenario) -> str:
    """The text changed so that it says `scenario`; what differs is written anew, all else stays to the byte."""
    reading = _reading(text)
    root = reading.tree.root
    if not reading.is_scenario or root is None:
        return _fresh(text if root is None and not reading.tree.problems else "", scenario)
    changed = patched(reading.text, root, written(reading.scenario), written(scenario), reading.gone)
    # A few spellings (`? key`, `|+`) cannot be patched; what the scenario says goes before how the text looked.
    return changed if _reading(changed).scenario == scenario else _fresh("", scenario)


def new() -> str:
    """The text of an empty scenario."""
    return f"format: {FORMAT}\nname: Untitled\n\npipeline:\n  stages: []\n  links: []\n"


@lru_cache(maxsize=16)
def _reading(text: str) -> _Reading:
    read_tree = tree(text)
    root, problems = read_tree.root, list(read_tree.problems)
    if root is None or root.kind != "mapping":
        if not problems:
            problems.append(_not_a_scenario(root))
        return _Reading(text, read_tree, Scenario(), tuple(problems))
    data = root.data()
    wrong = format_problem(data)
    if wrong and wrong.code != "format-missing":
        return _Reading(text, read_tree, Scenario(), (*problems, wrong.at(line_of(root, "format"))))
    if not wrong and data["format"] < FORMAT:
        return _upgraded(text, root)
    scenario, found_problems, gone = salvage(data)
    problems += [problem.at(line_at(root, path)) for problem, path in found_problems]
    nodes = [node_at(root, path) for path in gone if isinstance(path[-1], int)]
    names = [entry.node.value for node in nodes if (entry := node.entry("id"))]
    problems += [wrong] if wrong else []
    left_out = frozenset(name for name in names if isinstance(name, str))
    return _Reading(text, read_tree, scenario, tuple(problems), True, frozenset(map(id, nodes)), left_out)


def _upgraded(text: str, root: Node) -> _Reading:
    """The reading of the text in this format; the old text's comments stay where its parts stay."""
    old = root.data()
    reading = _reading(patched(text, root, old, upgraded(old)))
    note = Problem("format-upgraded", "format", {"found": old["format"], "format": FORMAT}, severity="note")
    return replace(reading, problems=(note, *reading.problems))


def _not_a_scenario(root: Node | None) -> Problem:
    if root is None:
        return Problem("empty", values={"format": FORMAT})
    return Problem("not-a-scenario", values={"found": found(root.data())}, line=root.line)


def _line(reading: _Reading, place: str) -> int | None:
    root = reading.tree.root
    return line_of(root, place, reading.gone) if root else None


def _follows(reading: _Reading, problem: Problem) -> bool:
    """Whether it only says again that a part was left out: a link to a stage that could not be read."""
    if problem.code == "unknown-worker":
        return str(problem.values["worker"]).rstrip("0123456789") in reading.left_out
    named = {"unknown-stage": "stage", "layout-of-nothing": "stage", "unknown-combination": "combination"}
    return problem.code in named and problem.values[named[problem.code]] in reading.left_out


def _fresh(before: str, scenario: Scenario) -> str:
    """A text of its own, behind what stood there before (comments, at most)."""
    gap = "" if before == "" or before.endswith("\n") else "\n"
    return before + gap + block(written(scenario), 0) + "\n"
