"""Make the pictures of e-mails and pages. Runs inside the virtual environment only.

`python -m environment.picture_driver write DATABASE FOLDER LANGUAGE URL` sends the e-mails, and
writes them and the addresses of the pages into the folder; `photograph` takes the pictures.
"""

import json
import sys
from pathlib import Path

from .odoo_session import odoo_env
from .picture_scene import Scene
from .picture_sheet import lay_out
from .screen import Screen

WIDTHS = (390, 1280)
_PAGES = "pages.json"
_SHEET = 5


def main() -> int:
    what, database, folder, lang, url = sys.argv[1:]
    action = {"write": _write, "photograph": _photograph}[what]
    action(database, Path(folder), lang, url)
    return 0


def _write(database: str, folder: Path, lang: str, url: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with odoo_env(database) as env:
        scene = Scene(env, lang, url)
        emails = {page.stem: page.as_uri() for page in scene.write_emails(folder)}
        pages = scene.prepare_pages()
    (folder / _PAGES).write_text(json.dumps({"emails": emails, "pages": pages}))


def _photograph(_database: str, folder: Path, _lang: str, _url: str) -> None:
    listed = folder / _PAGES
    kinds = json.loads(listed.read_text())
    listed.unlink()
    with Screen() as screen:
        for name, url in {**kinds["emails"], **kinds["pages"]}.items():
            for width in WIDTHS:
                screen.photograph(url, folder / f"{name}.{width}.png", width)
            if name in kinds["emails"]:
                screen.photograph(url, folder / f"{name}.dark.png", WIDTHS[0], dark=True)
            print(f"  {name}", file=sys.stderr, flush=True)
    _lay_out(folder, kinds)


def _lay_out(folder: Path, kinds: dict[str, dict[str, str]]) -> None:
    """Make sheets of the pictures as phones show them."""
    for kind, names in kinds.items():
        pictures = [folder / f"{name}.{WIDTHS[0]}.png" for name in names]
        for number, start in enumerate(range(0, len(pictures), _SHEET), 1):
            lay_out(pictures[start : start + _SHEET], folder / f"{kind}_{number}.webp")


if __name__ == "__main__":
    sys.exit(main())
