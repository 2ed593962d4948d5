"""Thumbnails: a small picture made anew from a picture, with nothing of its metadata in it."""

import threading
from io import BytesIO

from portal.kit.problems import NotFound

LARGEST = 20_000_000
_MOST_PIXELS = 24_000_000
_BOX = (480, 360)
_FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
_one_at_a_time = threading.Lock()  # unpacked, a picture takes many times the memory of its file


def small(content: bytes) -> bytes:
    """Make a JPEG of at most 480 by 360. Raises NotFound for what is no picture, or one too large to unpack."""
    from PIL import Image, ImageOps, UnidentifiedImageError  # its import costs time, and few pages need it

    try:
        with Image.open(BytesIO(content), formats=_FORMATS) as picture:
            picture.verify()  # a library that shares the process may have told Pillow to take broken files
        with _one_at_a_time, Image.open(BytesIO(content), formats=_FORMATS) as picture:
            # The size stands in the header: a bomb is refused before a pixel is unpacked.
            if picture.width * picture.height > _MOST_PIXELS:
                raise NotFound("The picture is too large for a thumbnail.")
            picture.thumbnail(_BOX)
            upright = ImageOps.exif_transpose(picture).convert("RGBA")
            paper = Image.new("RGB", upright.size, "white")
            paper.paste(upright, mask=upright.getchannel("A"))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as broken:
        raise NotFound("This is not a picture that can be made smaller.") from broken
    made = BytesIO()
    paper.save(made, "JPEG", quality=80)
    return made.getvalue()
