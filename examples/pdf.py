"""A very small PDF writer: pages of lines in Helvetica, enough for an estimate."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 612, 792  # US Letter, in points


@dataclass(frozen=True)
class Line:
    """One line of text: where it begins (or ends, when `right`), how large, how heavy."""

    x: float
    y: float
    text: str
    size: float = 10
    bold: bool = False
    right: bool = False


@dataclass(frozen=True)
class Rule:
    """A thin line across the page."""

    y: float


def write(title: str, pages: Sequence[Sequence[Line | Rule]]) -> bytes:
    """Give a PDF 1.4 file with one page for each list of lines."""
    count = len(pages)
    kids = " ".join(f"{6 + 2 * number} 0 R" for number in range(count))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R /Lang (en-US) >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
        f"<< /Title ({_escaped(title)}) >>",
    ]
    for number, lines in enumerate(pages):
        drawn = "\n".join(_draw(line) for line in lines)
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Contents {7 + 2 * number} 0 R "
            "/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>"
        )
        objects.append(f"<< /Length {len(drawn.encode('cp1252'))} >>\nstream\n{drawn}\nendstream")
    return _file(objects)


def _file(objects: Sequence[str]) -> bytes:
    content, places = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, each in enumerate(objects, start=1):
        places.append(len(content))
        content += f"{number} 0 obj\n{each}\nendobj\n".encode("cp1252")
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    trailer = f"<< /Size {len(objects) + 1} /Root 1 0 R /Info 5 0 R >>"
    head = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n"
    return content + f"{head}{table}trailer\n{trailer}\nstartxref\n{len(content)}\n%%EOF\n".encode()


def _draw(line: Line | Rule) -> str:
    if isinstance(line, Rule):
        return f"0.6 w 54 {line.y} m {WIDTH - 54} {line.y} l S"
    x = line.x - _width(line) if line.right else line.x
    font = "F2" if line.bold else "F1"
    return f"BT /{font} {line.size} Tf {x:.1f} {line.y} Td ({_escaped(line.text)}) Tj ET"


def _width(line: Line) -> float:
    """Measure figures, which is what stands at the right: Helvetica's digits are 556 wide, its points 278."""
    return sum(278 if each in ".,/: " else 556 for each in line.text) * line.size / 1000


def _escaped(text: str) -> str:
    text = text.encode("cp1252", "replace").decode("cp1252")
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
