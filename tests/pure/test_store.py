# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The page of the store: what the command writes, with pictures that are there and safe markup."""

import ast
import re
import struct
from html.parser import HTMLParser

import pytest

from environment import markdown, store
from environment.settings import REPOSITORY

TEXT = store.PAGE.read_text()
MANIFEST = ast.literal_eval((REPOSITORY / "__manifest__.py").read_text())
VOID = {"img", "br", "hr"}
TAGS = VOID | {
    *("a", "b", "code", "div", "h1", "h2", "h3", "h4", "i", "li", "ol", "p", "pre", "section"),
    *("table", "tbody", "td", "th", "thead", "tr", "ul"),
}
ATTRIBUTES = {"alt", "class", "height", "href", "id", "src", "style", "width"}


class Page(HTMLParser):
    """The tags of the page; complains of those that are not closed."""

    def __init__(self, text):
        super().__init__()
        self.tags, self._open = [], []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def values(self, name):
        return [attributes[name] for _tag, attributes in self.tags if name in attributes]


@pytest.fixture(scope="module")
def page():
    return Page(TEXT)


def read_size(name):
    """Return width and height of a PNG."""
    content = (store.FOLDER / name).read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", content[16:24])


def test_page_is_what_the_command_writes():
    assert store.write_page() == TEXT, "run dev/store"


def test_page_has_only_what_stores_show(page):
    assert {tag for tag, _attributes in page.tags} <= TAGS
    assert {name for _tag, attributes in page.tags for name in attributes} <= ATTRIBUTES
    assert not re.search(r"url\(|expression|position: *(fixed|absolute)|javascript", TEXT)


def test_each_link_leads_to_a_part_of_the_page(page):
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    links = page.values("href")
    assert len(links) >= 7
    assert {link for link in links if not link.startswith("#")} == set()
    assert {link.removeprefix("#") for link in links} <= set(ids)


def test_each_picture_is_there_and_has_words(page):
    pictures = [attributes for tag, attributes in page.tags if tag == "img"]
    assert [each["src"] for each in pictures[1:]] == [s.picture for s in store.read_screens()]
    for each in pictures:
        assert (store.FOLDER / each["src"]).is_file()
        assert "alt" in each
    assert len(store.read_screens()) == 8


def test_screens_are_of_one_size_and_small_enough():
    names = [screen.picture for screen in store.read_screens()]
    assert {read_size(name) for name in names} == {(1080, 750)}
    assert sum((store.FOLDER / name).stat().st_size for name in names) < 1_200_000


def test_banner_and_icon_have_the_sizes_of_the_store():
    assert read_size("banner.png") == (560, 280)
    assert read_size("icon.png") == (140, 140)


def test_manifest_names_the_banner_first_and_every_screen():
    names = [name.removeprefix("static/description/") for name in MANIFEST["images"]]
    assert names == ["banner.png", *(screen.picture for screen in store.read_screens())]
    assert "price" not in MANIFEST
    assert MANIFEST["development_status"] in ("Alpha", "Beta", "Production/Stable", "Mature")


def test_page_says_what_the_readme_says():
    readme = (REPOSITORY / "README.md").read_text()
    for item in markdown.list_items(readme):
        assert markdown.inline(item) in TEXT
    assert markdown.inline("*Apps ‣ Update Apps List*") in TEXT


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("A **b** *c* `d`", f"A <b>b</b> <i>c</i> {markdown._CODE}d</code>"),
        ("[here](docs/a.md) and [there](https://b.c)", 'here and <a href="https://b.c">there</a>'),
        ("So. [How that is tested](a.md). Yes ([figures](b.md)).", "So. Yes."),
        ("a < b & c", "a &lt; b &amp; c"),
    ],
)
def test_lines_become_html(text, wanted):
    assert markdown.inline(text) == wanted


def test_blocks_become_html():
    text = "One\ntwo.\n\n1. First\n   of all\n2. Then\n\n![A picture](a.png)\n\n    code <x>\n"
    assert markdown.convert(text) == (
        "<p>One two.</p>\n<ol><li>First of all</li><li>Then</li></ol>\n<pre>code &lt;x&gt;</pre>"
    )


def test_a_heading_that_is_not_there_is_said():
    with pytest.raises(ValueError, match="no heading 'Nothing'"):
        markdown.section("## Something\n", "Nothing")
