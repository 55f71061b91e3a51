"""Why a stage of a real run was carried out, or an earlier result taken: the codes of events, in words."""

from __future__ import annotations

UNCHANGED = "unchanged"
WORDS: dict[str, tuple[str, str]] = {
    UNCHANGED: ("not run again: nothing has changed", "変更なしのため再実行せず"),
    "first": ("first time", "初回"),
    "fresh": ("asked for by --fresh", "--fresh の指定"),
    "measured": (
        "the scenario breaks something, or expects more than results",
        "障害または実行の様子への期待がシナリオにある",
    ),
    "effects": ("it does more than answer, or asks the world", "結果の他にも作用がある、または外部に依存する"),
    "dropped": ("its earlier result is no longer kept", "以前の結果は残っていない"),
    "code": ("its code changed", "コードが変わった"),
    "kind": ("its kind changed", "種類が変わった"),
    "version": ("Workbench or Python changed", "Workbench または Python が変わった"),
    "seed": ("the seed changed", "シードが変わった"),
    "training": ("how it is trained changed", "学習の方法が変わった"),
    "item": ("what makes an item changed", "件の分け方が変わった"),
    "parameter": ("parameter {name} changed", "パラメータ {name} が変わった"),
    "input": ("its input from {name} changed", "{name} からの入力が変わった"),
    "file": ("file {name} changed", "ファイル {name} が変わった"),
    "unreadable": ("earlier results cannot be read: {name}", "以前の結果を読めない: {name}"),
}


def in_words(codes: tuple[str, ...], language: str = "en") -> str:
    """All reasons of a stage in one line, each once."""
    each = dict.fromkeys(code for some in codes for code in some.split(", "))
    return "; ".join(_one(code, language) for code in each)


def _one(code: str, language: str) -> str:
    kind, _, name = code.partition(" ")
    if kind not in WORDS:
        return code
    return WORDS[kind][language == "ja"].format(name=name)
