# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The Markdown of this repository's documents as HTML: what they use of it, and no more."""

import html
import re
from collections.abc import Iterator

_ITEM = re.compile(r"(?:\* |(\d+)\. )(.*)", re.S)
_RULE = re.compile(r"\| *(--- *\| *)+")
_ELSEWHERE = r"\[[^\]]+\]\((?!https?:|#)[^)]*\)"
_CODE = '<code style="color: #3c3a5e">'


def convert(text: str) -> str:
    """Return a document, or a part of one, as HTML without classes of its own.

    Links that lead elsewhere in the repository become their words; pictures and comments go.
    """
    text = re.sub(r"<!--.*?-->", "", text, flags=re.S)
    return "\n".join(_convert_block(block) for block in _blocks(text))


def inline(text: str) -> str:
    """Return a line with its emphasis, code and links."""
    text = html.escape(" ".join(text.split()), quote=False)
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", text)
    # A sentence, or a bracket, that only points to another document.
    text = re.sub(rf"(?<=[.!?]) {_ELSEWHERE}\.| \({_ELSEWHERE}\)", "", text)
    text = re.sub(r"\[([^\]]+)\]\((https?:[^)]+|#[^)]+)\)", r'<a href="\2">\1</a>', text)
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"`([^`]+)`", rf"{_CODE}\1</code>", text)
    text = re.sub(r"\*\*([^*]+)\*\*", r"<b>\1</b>", text)
    return re.sub(r"\*([^*]+)\*", r"<i>\1</i>", text)


def section(text: str, heading: str) -> str:
    """Return what stands below a heading of the second level, up to the next.

    :raise ValueError: when there is no such heading
    """
    match = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    if not match:
        raise ValueError(f"there is no heading {heading!r}")
    return match[1].strip()


def list_items(text: str) -> list[str]:
    """Return the items of the first list in a text."""
    found: list[str] = []
    for line in text.splitlines():
        match = _ITEM.match(line)
        if match:
            found.append(match[2])
        elif found and line.startswith("  "):
            found[-1] += f" {line.strip()}"
        elif found:
            break
    return found


def read_table(text: str) -> list[list[str]]:
    """Return the cells of the first table in a text, its heading first."""
    lines = [line for line in _first_table(text) if not _RULE.fullmatch(line.strip())]
    return [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]


def _first_table(text: str) -> Iterator[str]:
    begun = False
    for line in text.splitlines():
        if line.startswith("|"):
            begun = True
            yield line
        elif begun:
            return


def _blocks(text: str) -> Iterator[str]:
    for block in re.split(r"\n\s*\n", text):
        if block.strip() and inline(block).strip():
            yield block.rstrip().lstrip("\n")


def _convert_block(block: str) -> str:
    if block.startswith("    "):
        code = "\n".join(line[4:] for line in block.splitlines())
        return f"<pre>{html.escape(code, quote=False)}</pre>"
    if heading := re.fullmatch(r"(#{2,4}) (.*)", block):
        level = len(heading[1]) + 1
        return f"<h{level}>{inline(heading[2])}</h{level}>"
    if match := _ITEM.match(block):
        tag = "ol" if match[1] else "ul"
        items = "".join(f"<li>{inline(item)}</li>" for item in list_items(block))
        return f"<{tag}>{items}</{tag}>"
    return f"<p>{inline(block)}</p>"
