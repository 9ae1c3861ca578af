# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Sheets that show many pictures at a glance, small enough for a guide."""

from collections.abc import Sequence
from pathlib import Path

_COLUMNS = 5
_WIDTH = 240
_GAP = 12
_BACKGROUND = "#8a9095"
_QUALITY = 62


def lay_out(pictures: Sequence[Path], target: Path) -> None:
    """Lay pictures out in rows and save them as one WebP."""
    # Odoo keeps Pillow from finding this format by itself.
    from PIL import Image, WebPImagePlugin

    images = [_shrink(Image.open(picture).convert("RGB")) for picture in pictures]
    rows = [images[start : start + _COLUMNS] for start in range(0, len(images), _COLUMNS)]
    heights = [max(image.height for image in row) for row in rows]
    sheet = Image.new(
        "RGB",
        (_GAP + _COLUMNS * (_WIDTH + _GAP), _GAP + sum(height + _GAP for height in heights)),
        _BACKGROUND,
    )
    top = _GAP
    for row, height in zip(rows, heights, strict=True):
        for column, image in enumerate(row):
            sheet.paste(image, (_GAP + column * (_WIDTH + _GAP), top))
        top += height + _GAP
    Image.register_save("WEBP", WebPImagePlugin._save)
    sheet.save(target, "WEBP", quality=_QUALITY, method=6)


def _shrink(image):
    return image.resize((_WIDTH, round(image.height * _WIDTH / image.width)))
