"""The grammar in the documentation is the grammar that the parser reads."""

import random
import re
from pathlib import Path

import pytest

from sim.net.syntax import (
    _COMPARE as COMPARISONS,
)
from sim.net.syntax import (
    FOLDS,
    FUNCTIONS,
    KEYWORDS,
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_NODES,
    ExprError,
    parse,
)
from sim.units import UNITS

GRAMMAR = Path(__file__).parents[1] / "docs" / "grammar.md"
#: What the grammar leaves to words.
WORDS = {
    "letter-character": [*"abcxyz", "é", "ح"],
    "digit": [*"0123456789"],
    "letter": ["i", "j", "place"],
    "list": ["city", "places"],
}


def rules() -> dict[str, str]:
    text = GRAMMAR.read_text(encoding="utf-8")
    block = re.search(r"```ebnf\n(.*?)```", text, re.DOTALL)
    assert block is not None
    found = re.findall(r"^([\w-]+)\s*=\s*(.*?)\s*;$", block[1], re.DOTALL | re.MULTILINE)
    return dict(found)


class Writer:
    """Writes random sentences of a grammar in EBNF."""

    def __init__(self, grammar: dict[str, str], seed: int) -> None:
        self.grammar, self.random = grammar, random.Random(seed)
        self.pieces: list[str] = []

    def sentence(self) -> str:
        self.pieces = []
        self.rule("expression", depth=0)
        return "".join(self.pieces)

    def rule(self, name: str, depth: int) -> None:
        if name in WORDS:
            self.pieces.append(self.random.choice(WORDS[name]))
            return
        tokens = re.findall(r'"[^"]*"|[\w-]+|[\[\]{}()|]', self.grammar[name])
        if name not in ("name", "digits", "number"):
            self.pieces.append(" ")
        self.choice(tokens, depth + 1)

    def choice(self, tokens: list[str], depth: int) -> None:
        options, level = [[]], 0
        for token in tokens:
            level += {"[": 1, "{": 1, "(": 1, "]": -1, "}": -1, ")": -1}.get(token, 0)
            if token == "|" and level == 0:
                options.append([])
            else:
                options[-1].append(token)
        # Deep down, the first option that needs no rule above: sentences must end.
        short = [o for o in options if not {"expression", "call", "fold"} & set(o)]
        self.sequence(
            self.random.choice(
                short if short and (depth > 30 or len(self.pieces) > 200) else options
            ),
            depth,
        )

    def sequence(self, tokens: list[str], depth: int) -> None:
        at = 0
        while at < len(tokens):
            token = tokens[at]
            if token in ("[", "{", "("):
                end = self.closing(tokens, at)
                n = {"(": 1, "[": self.random.random() < 0.25, "{": self.random.random() < 0.25}
                for _ in range(int(n[token]) if len(self.pieces) < 300 or token == "(" else 0):
                    self.choice(tokens[at + 1 : end], depth)
                at = end
            elif token.startswith('"'):
                word = token[1:-1]
                self.pieces.append(f" {word} " if word.isalpha() and len(word) > 1 else word)
            else:
                self.rule(token, depth)
            at += 1

    @staticmethod
    def closing(tokens: list[str], at: int) -> int:
        level = 0
        for k in range(at, len(tokens)):
            level += tokens[k] in ("[", "{", "(")
            level -= tokens[k] in ("]", "}", ")")
            if level == 0:
                return k
        raise AssertionError("the grammar is not balanced")


def test_every_rule_is_said():
    grammar = rules()
    used = set(re.findall(r"[\w-]+", re.sub(r'"[^"]*"', "", " ".join(grammar.values()))))
    assert used - set(WORDS) <= set(grammar)
    assert set(grammar) - {"expression"} <= used


def test_the_words_are_those_of_the_parser():
    grammar = rules()
    assert set(re.findall(r'"(\w+)"', grammar["function"])) == set(FUNCTIONS)
    assert set(re.findall(r'"(\w+)"', grammar["unit"])) == set(UNITS)
    assert set(re.findall(r'"(\w+)"', grammar["fold"])) - {"for", "in"} == set(FOLDS)


def test_the_operators_are_those_of_the_parser():
    literals = set(re.findall(r'"([^"]+)"', " ".join(rules().values())))
    signs = {word for word in literals if not word.isalpha()}
    assert signs - set("._$") == {*COMPARISONS, *"+-*/(),", "**"}
    assert literals >= KEYWORDS


def test_the_limits_are_those_of_the_parser():
    text = GRAMMAR.read_text(encoding="utf-8")
    assert f"{MAX_CHARACTERS:,} characters, {MAX_DEPTH} levels, {MAX_NODES} parts" in text


#: What the notes below the grammar say in words.
NOTES = re.compile(r"with \d+ arguments?|ends in a dot|without 'for'|'for'")


def fault_of(sentence: str) -> str:
    try:
        parse(sentence)
    except ExprError as error:
        return "" if error.code == "too-large" else error.message
    return ""


def test_every_sentence_of_the_grammar_is_read():
    writer = Writer(rules(), seed=1)
    sentences = [writer.sentence() for _ in range(1_500)]
    faults = {sentence: fault_of(sentence) for sentence in sentences}
    unread = {sentence: fault for sentence, fault in faults.items() if fault}
    assert {s: fault for s, fault in unread.items() if not NOTES.search(fault)} == {}
    assert len(faults) - len(unread) > 500


@pytest.mark.parametrize(
    "sentence",
    [
        "",
        "a b",
        "a <",
        "(a",
        "a)",
        "1 2",
        "a if b",
        "sum(a)",
        "max(a)",
        "a = b",
        "a.b(c)",
        "[a]",
        "a;b",
    ],
)
def test_what_is_no_sentence_is_not_read(sentence):
    with pytest.raises(ExprError, match=r"\w"):
        parse(sentence)
