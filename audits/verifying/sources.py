"""How are the files of an export read when nothing about it can be trusted?

Files are read by name, up to a length, and nothing is unpacked, so neither a name that leads elsewhere nor a file
that unpacks to terabytes does harm.
"""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

_UNREADABLE = (OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError)


class NoExport(Exception):
    """Raised where there is nothing at all to verify: no such path, or neither a directory nor an archive."""


class FileDamaged(Exception):
    """Raised where a file is there and cannot be read, is too long, or is no plain file."""


class Source(Protocol):
    """The files of an export, by their names with forward slashes."""

    def read(self, name: str, limit: int) -> bytes | None:
        """Return a file's bytes, None where there is none.

        Raises:
            FileDamaged: it is longer than the limit, no plain file, or cannot be read.
        """
        ...

    def names(self, folder: str) -> list[str]:
        """Return the sorted names of what lies directly in a folder, without the folder's own."""
        ...

    def oddities(self) -> Iterator[str]:
        """Say what no honest writer of exports does to its files."""
        ...


def open_source(path: Path) -> Source:
    """Open a directory or a zip archive.

    Raises:
        NoExport: it is neither.
    """
    if path.is_dir():
        return _Directory(path)
    if not path.is_file():
        raise NoExport(f"There is no directory and no file at {path}.")
    try:
        return _Archive(path)
    except _UNREADABLE as error:
        raise NoExport(
            f"{path} is neither a directory nor a zip archive that can be read ({error})."
        ) from None


class _Directory:
    def __init__(self, path: Path) -> None:
        self._root = os.path.realpath(path)

    def read(self, name: str, limit: int) -> bytes | None:
        # Thousands of small files: paths as texts take a third of the time.
        full = os.path.realpath(os.path.join(self._root, *name.split("/")))  # noqa: PTH118
        if not full.startswith(self._root + os.sep):
            raise FileDamaged(
                f"{name} is a link that leads out of the export; copy the file instead"
            )
        try:
            # Opening a pipe must not wait for somebody to write to it.
            descriptor = os.open(full, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            raise FileDamaged(f"{name} cannot be read ({error})") from None
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise FileDamaged(f"{name} is not a plain file")
            try:
                return _limited(name, file.read(limit + 1), limit)
            except OSError as error:
                raise FileDamaged(f"{name} cannot be read ({error})") from None

    def names(self, folder: str) -> list[str]:
        try:
            return sorted(entry.name for entry in Path(self._root, folder).iterdir())
        except OSError:
            return []

    def oddities(self) -> Iterator[str]:
        return iter(())


class _Archive:
    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path)
        self._folders: dict[str, set[str]] = {}
        self._oddities: list[str] = []
        seen: set[str] = set()
        for info in self._zip.infolist():
            name = info.filename
            if name in seen:
                self._oddities.append(f"{name} is in the archive twice")
            seen.add(name)
            parts = name.removesuffix("/").split("/")
            if name.startswith("/") or "\\" in name or not set(parts).isdisjoint({"", ".", ".."}):
                self._oddities.append(f"{name} leads out of the archive")
                continue
            for depth in range(len(parts)):
                self._folders.setdefault("/".join(parts[:depth]), set()).add(parts[depth])

    def read(self, name: str, limit: int) -> bytes | None:
        try:
            info = self._zip.getinfo(name)
        except KeyError:
            return None
        try:
            with self._zip.open(info) as file:
                return _limited(name, file.read(limit + 1), limit)
        except _UNREADABLE as error:
            raise FileDamaged(f"{name} cannot be read ({error})") from None

    def names(self, folder: str) -> list[str]:
        return sorted(self._folders.get(folder, ()))

    def oddities(self) -> Iterator[str]:
        return iter(self._oddities)


def _limited(name: str, content: bytes, limit: int) -> bytes:
    if len(content) > limit:
        raise FileDamaged(f"{name} has more than the {limit} bytes that it may have")
    return content
