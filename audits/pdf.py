"""Draw a report's page as PDF, with its JSON attached, so that the paper form can be checked too.

Run as ``python -m audits.pdf`` with ``{"html": ..., "report": ...}`` on standard input; it writes the PDF to standard output. A process of
its own: WeasyPrint takes long to import and much memory, and nothing that serves may load it.
"""

from __future__ import annotations

import json
import sys
from typing import Final

ATTACHED: Final = "report.json"
#: Exit codes that say what is missing rather than what went wrong.
NOT_INSTALLED: Final = 3
NO_PANGO: Final = 4


def draw(html: str, report: str) -> bytes:
    """Return the PDF of a page, its report attached.

    Raises:
        ImportError, OSError: WeasyPrint, or one of the system's libraries that it needs, is not installed.
    """
    from weasyprint import HTML, Attachment

    attached = Attachment(string=report, name=ATTACHED, description="The signed report")
    drawn: bytes = HTML(string=html, base_url=None).write_pdf(
        attachments=[attached], pdf_variant="pdf/a-3u", uncompressed_pdf=False
    )
    return drawn


def read(content: bytes) -> str:
    """Return what is attached to a PDF that ``draw`` made.

    Raises:
        ImportError: pypdf is not installed.
        ValueError: nothing is attached, or it is no PDF.
    """
    import io

    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        attached = PdfReader(io.BytesIO(content)).attachments.get(ATTACHED)
    except PyPdfError as error:
        raise ValueError(f"It cannot be read as a PDF: {error}") from error
    if not attached:
        raise ValueError(f"No {ATTACHED} is attached to it.")
    return bytes(attached[0]).decode()


def main() -> int:
    """Draw what standard input asks for; the exit code says what is missing."""
    asked = json.load(sys.stdin)
    try:
        content = draw(asked["html"], asked["report"])
    except ImportError:
        return NOT_INSTALLED
    except OSError:
        return NO_PANGO
    sys.stdout.buffer.write(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
