"""The grammar of expectations: text to questions, by hand, so that nothing is ever evaluated as code.

    question   = all { "or" all }            all  = one { "and" one }        one = "not" one | comparison
    comparison = sum { ("<" | "<=" | ">" | ">=" | "==" | "!=") sum }
    sum        = product { ("+" | "-") product }                             product = signed { ("*" | "/") signed }
    signed     = "-" signed | atom
    atom       = number [ "%" ] | name | ("min" | "max" | "abs") "(" sum { "," sum } ")" | "(" question ")"

A name is `[engine.]architecture.metric`. Hyphens belong to the ids in it, so a minus behind an id needs a blank.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isfinite

from workbench.document.problems import Problem
from workbench.document.terms import Call, Comparison, Junction, Minus, Name, Not, Number, Question, Sum, Term

MOST_CHARACTERS = 1000
MOST_LEVELS = 30
ENGINES = ("simulated", "real")
FUNCTIONS = ("min", "max", "abs")
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")

_ID = "[A-Za-z][A-Za-z0-9_-]*"
_TOKEN = re.compile(
    rf"(?P<space>\s+)|(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)"
    rf"|(?P<name>(?:{_ID}\.)+(?:seconds_of_[A-Za-z0-9_-]+|[A-Za-z][A-Za-z0-9_]*))|(?P<word>{_ID})"
    rf"|(?P<sign><=|>=|==|!=|[-+*/()<>,%])"
)


class ExpectationError(ValueError):
    """An expectation that cannot be read: what is wrong (a code of the catalogue's details), and where, from 1 on."""

    def __init__(self, detail: str, position: int) -> None:
        self.detail, self.position = detail, position
        self.values = {"detail": detail, "position": position}
        super().__init__(Problem("expectation-syntax", values=self.values).words())


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    position: int


def question(text: str) -> Question:
    """The question that a text asks; ExpectationError if it asks none."""
    if len(text) > MOST_CHARACTERS:
        raise ExpectationError("too-long", MOST_CHARACTERS + 1)
    parser = _Parser(_tokens(text))
    part = parser.either()
    parser.end()
    return _asked(part, 1)


def _tokens(text: str) -> list[_Token]:
    tokens, position = [], 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if not match:
            raise ExpectationError("unexpected-character", position + 1)
        assert match.lastgroup
        if match.lastgroup != "space":
            tokens.append(_Token(match.lastgroup, match[0], position + 1))
        position = match.end()
    return [*tokens, _Token("end", "", len(text) + 1)]


def _asked(part: Term | Question, position: int) -> Question:
    if not isinstance(part, Question):
        raise ExpectationError("want-comparison", position)
    return part


def _number(part: Term | Question, position: int) -> Term:
    if isinstance(part, Question):
        raise ExpectationError("want-value", position)
    return part


class _Parser:
    """One pass over the tokens; each method reads what it is named after."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens, self._at, self._level = tokens, 0, 0

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self, *texts: str) -> str:
        """The next token's text if it is one of these, else nothing."""
        if self._next.kind not in ("sign", "word") or self._next.text not in texts:
            return ""
        self._at += 1
        return self._tokens[self._at - 1].text

    def end(self) -> None:
        if self._next.kind != "end":
            raise ExpectationError("unexpected", self._next.position)

    def either(self) -> Term | Question:
        start = self._next.position
        left = self._all()
        while self._take("or"):
            right_start = self._next.position
            left = Junction("or", _asked(left, start), _asked(self._all(), right_start))
        return left

    def _all(self) -> Term | Question:
        start = self._next.position
        left = self._one()
        while self._take("and"):
            right_start = self._next.position
            left = Junction("and", _asked(left, start), _asked(self._one(), right_start))
        return left

    def _one(self) -> Term | Question:
        if not self._take("not"):
            return self._comparison()
        self._deeper()
        start = self._next.position
        answer = Not(_asked(self._one(), start))
        self._level -= 1
        return answer

    def _comparison(self) -> Term | Question:
        start = self._next.position
        left = self._sum()
        asked: Question | None = None
        while sign := self._take(*COMPARISONS):
            right_start = self._next.position
            right = _number(self._sum(), right_start)
            compared = Comparison(sign, _number(left, start), right)
            asked = Junction("and", asked, compared) if asked else compared
            left, start = right, right_start
        return asked or left

    def _sum(self) -> Term | Question:
        start = self._next.position
        left = self._product()
        while sign := self._take("+", "-"):
            right_start = self._next.position
            left = Sum(sign, _number(left, start), _number(self._product(), right_start))
        return left

    def _product(self) -> Term | Question:
        start = self._next.position
        left = self._signed()
        while sign := self._take("*", "/"):
            right_start = self._next.position
            left = Sum(sign, _number(left, start), _number(self._signed(), right_start))
        return left

    def _signed(self) -> Term | Question:
        if not self._take("-"):
            return self._atom()
        self._deeper()
        start = self._next.position
        answer = Minus(_number(self._signed(), start))
        self._level -= 1
        return answer

    def _atom(self) -> Term | Question:
        token = self._next
        if token.kind == "end":
            raise ExpectationError("unexpected-end", token.position)
        self._at += 1
        if token.kind == "number":
            return self._figure(token)
        if token.kind == "name":
            return _name(token)
        if token.text == "(":
            self._deeper()
            inner = self.either()
            self._close()
            return inner
        if token.kind == "word" and token.text not in ("and", "or", "not"):
            return self._call(token)
        raise ExpectationError("unexpected", token.position)

    def _figure(self, token: _Token) -> Number:
        figure = float(token.text)
        if not isfinite(figure):
            raise ExpectationError("too-large", token.position)
        return Number(figure / 100 if self._take("%") else figure)

    def _call(self, token: _Token) -> Call:
        if not self._take("("):
            raise ExpectationError("name-without-metric", token.position)
        if token.text not in FUNCTIONS:
            raise ExpectationError("unknown-function", token.position)
        self._deeper()
        of = [self._argument()]
        while self._take(","):
            of.append(self._argument())
        if (token.text == "abs") != (len(of) == 1):
            raise ExpectationError("want-arguments", token.position)
        self._close()
        return Call(token.text, tuple(of))

    def _argument(self) -> Term:
        start = self._next.position
        return _number(self._sum(), start)

    def _deeper(self) -> None:
        self._level += 1
        if self._level > MOST_LEVELS:
            raise ExpectationError("too-deep", self._next.position)

    def _close(self) -> None:
        if not self._take(")"):
            raise ExpectationError("want-closing", self._next.position)
        self._level -= 1


def _name(token: _Token) -> Name:
    *before, metric = token.text.split(".")
    if len(before) > 2:
        raise ExpectationError("name-without-metric", token.position)
    if len(before) == 2 and before[0] not in ENGINES:
        raise ExpectationError("unknown-engine", token.position)
    return Name(before[-1], metric, before[0] if len(before) == 2 else "")
