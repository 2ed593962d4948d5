"""A child that prints evidence as its worker does: records in, PDFs thrown away, processor time and memory told."""

import time
from pathlib import Path

import django
import psutil

from tests.benchmarks.children import serve

if __name__ == "__main__":
    django.setup()

    def render(record: str, count: int) -> dict[str, float]:
        """Print a record again and again; gives pages, CPU seconds of one print, and the memory at the end."""
        from audit.evidence import pdf  # its libraries are part of what printing costs

        content, pages = Path(record).read_bytes(), 0
        began = time.process_time()
        for _ in range(count):
            pages = pdf.render(content).pages
        return {"pages": pages, "seconds": (time.process_time() - began) / count, "bytes": memory()}

    def memory() -> int:
        """Give the resident memory."""
        return int(psutil.Process().memory_info().rss)

    serve({"render": render, "memory": memory})
