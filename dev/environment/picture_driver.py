"""Make the pictures of e-mails and pages. Runs inside the virtual environment only.

`python -m environment.picture_driver DATABASE FOLDER LANGUAGE`
"""

import sys
from pathlib import Path

from . import page_pictures
from .odoo_session import odoo_env
from .page_scene import PageScene
from .picture_scene import Scene
from .screen import Screen

WIDTHS = (390, 1280)


def main() -> int:
    database, folder, lang = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    folder.mkdir(parents=True, exist_ok=True)
    with odoo_env(database) as env:
        scene = Scene(env, lang)
        pages = scene.write_emails(folder)
        addresses = PageScene(scene).find_pages()
    with Screen() as screen:
        for page in pages:
            for width in WIDTHS:
                screen.photograph(page.as_uri(), page.with_suffix(f".{width}.png"), width)
            screen.photograph(page.as_uri(), page.with_suffix(".dark.png"), 390, dark=True)
            print(f"  {page.stem}", file=sys.stderr, flush=True)
    page_pictures.photograph(database, addresses, folder, WIDTHS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
