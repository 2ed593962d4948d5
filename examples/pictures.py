"""Drawn pictures for claims: a house with its waterline and a flood map, as PNG files without any package."""

import math
import struct
import zlib

Colour = tuple[int, int, int]

WIDTH, HEIGHT = 640, 440
_SAID = b"Description\0Drawn for demonstration; this is no photograph of a place."


class Canvas:
    """Rows of RGB bytes that rectangles and shapes are painted on."""

    def __init__(self, colour: Colour) -> None:
        self.rows = [bytearray(bytes(colour) * WIDTH) for _ in range(HEIGHT)]

    def box(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        """Paint a rectangle, cut off at the edges."""
        first, last = max(0, int(left)), min(WIDTH, int(right))
        if last > first:
            for row in self.rows[max(0, int(top)) : max(0, min(HEIGHT, int(bottom)))]:
                row[first * 3 : last * 3] = bytes(colour) * (last - first)

    def disc(self, x: float, y: float, radius: int, colour: Colour) -> None:
        """Paint a filled circle."""
        for dy in range(-radius, radius + 1):
            half = math.sqrt(radius * radius - dy * dy)
            self.box(x - half, y + dy, x + half, y + dy + 1, colour)

    def png(self) -> bytes:
        """Give the picture as a PNG file that says it is drawn."""
        head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
        pixels = zlib.compress(b"".join(b"\0" + row for row in self.rows), 9)
        chunks = ((b"IHDR", head), (b"tEXt", _SAID), (b"IDAT", pixels), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def exterior(seed: int, depth: float) -> bytes:
    """Draw a house from the street with water standing `depth` feet high."""
    canvas = Canvas((0, 0, 0))
    for y in range(HEIGHT):
        shade = 150 + y * 70 // HEIGHT
        canvas.box(0, y, WIDTH, y + 1, (shade - 22, shade - 10, shade))
    canvas.box(0, 300, WIDTH, HEIGHT, (86, 98, 78))
    left = 90 + seed % 60
    _house(canvas, left, ((201, 194, 178), (176, 188, 196), (206, 178, 150))[seed % 3])
    canvas.box(left + 340, 190, left + 352, 320, (92, 78, 62))
    canvas.disc(left + 346, 170, 46, (74, 96, 70))
    _water(canvas, 352 - min(depth, 12.0) * 11)
    return canvas.png()


def flood_map(seed: int, high_risk: bool) -> bytes:
    """Draw a map: a river, the area it floods, streets, and the insured place in or outside that area."""
    canvas = Canvas((230, 234, 223))
    for x in range(WIDTH):
        middle = 170 + 60 * math.sin(x / 95 + seed % 7)
        canvas.box(x, middle - 90, x + 1, middle + 100, (196, 217, 232))
        canvas.box(x, middle - 22, x + 1, middle + 22, (116, 162, 200))
    for x in range(40 + seed % 50, WIDTH, 110):
        canvas.box(x, 0, x + 4, HEIGHT, (250, 250, 246))
    for y in range(30 + seed % 40, HEIGHT, 96):
        canvas.box(0, y, WIDTH, y + 4, (250, 250, 246))
    at = 320
    y = 170 + 60 * math.sin(at / 95 + seed % 7) + (60 if high_risk else 165)
    canvas.disc(at, y, 13, (255, 255, 255))
    canvas.disc(at, y, 9, (160, 31, 41))
    return canvas.png()


def _house(canvas: Canvas, left: float, wall: Colour) -> None:
    canvas.box(left, 160, left + 300, 352, wall)
    for step in range(70):
        canvas.box(left - 24 + step * 2, 160 - step, left + 324 - step * 2, 161 - step, (98, 74, 66))
    for offset in (28, 210):
        canvas.box(left + offset, 190, left + offset + 66, 250, (240, 240, 236))
        canvas.box(left + offset + 5, 195, left + offset + 61, 245, (84, 100, 116))
    canvas.box(left + 124, 226, left + 176, 352, (112, 70, 58))
    canvas.disc(left + 166, 292, 3, (216, 190, 110))


def _water(canvas: Canvas, level: float) -> None:
    for x in range(WIDTH):
        top = level + 3 * math.sin(x / 17) + 2 * math.sin(x / 41)
        canvas.box(x, top, x + 1, HEIGHT, (111, 106, 85))
        canvas.box(x, top, x + 1, top + 3, (190, 184, 160))
    for x in range(0, WIDTH, 26):
        canvas.box(x, level - 12, x + 14, level - 10, (232, 225, 207))


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)
