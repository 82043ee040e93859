"""How git stores the files of a repository: line ends, filters, encodings, modes and links."""

import os
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from gluecast.errors import GluecastError
from gluecast.repository.file import REGULAR, SYMLINK, File
from gluecast.repository.git import git, run_git

_ATTRIBUTES = ("text", "crlf", "eol", "filter", "working-tree-encoding", "ident", "merge")


@dataclass(frozen=True)
class _Conversion:
    """What git does to a file between the index and the disk.

    `encoded`: the file has another encoding on disk. `always`: that, a filter or an ident may change
    any content. `crlf`: a checkout writes CRLF. Otherwise only files with CRLF on disk differ from what
    the index has.
    """

    encoded: bool
    always: bool
    crlf: bool


class Storage:
    """Converts files between what git stores and what it checks out.

    `modes` and `links` tell whether the disk holds the executable bit and symbolic links
    (core.fileMode, core.symlinks). Where it does not, only the index has them.
    """

    def __init__(self, folder: Path, prefix: str, tracked: Collection[str]) -> None:
        """`prefix` is the path of `folder` below git's; `tracked` are the paths in the index."""
        self._folder = folder
        self._prefix = prefix
        self._tracked = tracked
        self._known: dict[str, _Conversion | None] = {}
        self._merged_as_text: set[str] = set()
        self.modes = self._settings.get("core.filemode", "true") != "false"
        self.links = self._settings.get("core.symlinks", "true") != "false"

    @cached_property
    def _settings(self) -> dict[str, str]:
        names = r"^(core\.(autocrlf|eol|filemode|symlinks)|filter\..*\.(clean|smudge|process))$"
        found = run_git(self._folder, "config", "-z", "--get-regexp", names).stdout
        pairs = (os.fsdecode(each).partition("\n") for each in found.split(b"\0")[:-1])
        # A name without a value is true.
        return {name: value.lower() if given else "true" for name, given, value in pairs}

    @cached_property
    def _automatic(self) -> str:
        """core.autocrlf: true, false or input."""
        value = self._settings.get("core.autocrlf", "false")
        return {
            "yes": "true",
            "on": "true",
            "1": "true",
            "no": "false",
            "off": "false",
            "0": "false",
        }.get(value, value)

    @property
    def fingerprint(self) -> list[str]:
        """What decides how the tracked files are stored; empty if git stores every file as it is."""
        self._learn(self._tracked)
        return sorted(
            f"{path} {conversion}"
            for path, conversion in self._known.items()
            if conversion and path in self._tracked
        )

    def stored(self, path: str, file: File) -> File:
        """A file on disk, or one just rendered, as git would store it."""
        conversion = self._conversion(path, file)
        if conversion is None or not (conversion.always or b"\r\n" in file.data):
            return file
        command = ("hash-object", "-w", "--stdin", f"--path={path}")
        oid = git(self._folder, *command, stdin=file.data).decode().strip()
        return File(file.mode, git(self._folder, "cat-file", "blob", oid))

    def is_merged_as_text(self, path: str) -> bool:
        """Whether git merges a file line by line: not if an attribute names another way, or none."""
        self._learn([path])
        return path in self._merged_as_text

    def renderings_stored(self, files: Mapping[str, File]) -> dict[str, File]:
        """Files that a template rendered, as git would store them, by path.

        A template may write a file without the encoding that it has on disk: git stores that as it is.
        """
        self._learn(files)
        found = {}
        for path, file in files.items():
            conversion = self._conversion(path, file)
            try:
                found[path] = self.stored(path, file)
            except GluecastError:
                if conversion is None or not conversion.encoded:
                    raise
                found[path] = file
        return found

    def checked_out(self, files: Mapping[str, File]) -> dict[str, File]:
        """Files, given as git stores them, as a checkout would write them, by path."""
        self._learn(files)
        # Attributes that are new apply to all files.
        every = any(Path(path).name == ".gitattributes" for path in files)
        converted = {
            path: file
            for path, file in files.items()
            if file.mode != SYMLINK and (every or self._differs(path, file))
        }
        written = {**files, **(self._by_git(converted) if converted else {})}
        if self.links:
            return written
        return {
            path: File(REGULAR, file.data) if file.mode == SYMLINK else file
            for path, file in written.items()
        }

    def _differs(self, path: str, file: File) -> bool:
        """Whether a checkout may change a file."""
        conversion = self._conversion(path, file)
        return conversion is not None and (conversion.always or conversion.crlf)

    def _by_git(self, files: Mapping[str, File]) -> dict[str, File]:
        """Let git check files out into another folder, from an index of their own."""
        with tempfile.TemporaryDirectory(prefix="gluecast-") as scratch:
            contents = []
            for number, file in enumerate(files.values()):
                contents.append(Path(scratch, str(number)))
                contents[-1].write_bytes(file.data)
            names = b"".join(os.fsencode(each) + b"\n" for each in contents)
            command = ("hash-object", "-w", "--no-filters", "--stdin-paths")
            oids = git(self._folder, *command, stdin=names).decode().split()
            entries = "".join(
                f"{REGULAR} {oid} 0\t{self._prefix}{path}\0"
                for path, oid in zip(files, oids, strict=True)
            )
            more = {"GIT_INDEX_FILE": f"{scratch}/index"}
            listing = os.fsencode(entries)
            git(self._folder, "update-index", "-z", "--index-info", stdin=listing, more=more)
            out = f"--prefix={scratch}/out/"
            git(self._folder, "checkout-index", "--all", out, more=more)
            return {
                path: File(file.mode, Path(scratch, "out", self._prefix + path).read_bytes())
                for path, file in files.items()
            }

    def _conversion(self, path: str, file: File) -> _Conversion | None:
        if file.mode == SYMLINK:
            return None
        if path not in self._known:
            self._learn((*self._tracked, path))
        return self._known[path]

    def _learn(self, paths: Collection[str]) -> None:
        """Ask git for the attributes of paths that are not known yet."""
        asked = [path for path in paths if path not in self._known]
        if not asked:
            return
        names = b"".join(os.fsencode(path) + b"\0" for path in asked)
        answer = git(self._folder, "check-attr", "-z", "--stdin", *_ATTRIBUTES, stdin=names)
        values = os.fsdecode(answer).split("\0")[:-1]
        attributes: dict[str, dict[str, str]] = {}
        for path, name, value in zip(values[::3], values[1::3], values[2::3], strict=True):
            attributes.setdefault(path, {})[name] = value
        self._known |= {path: self._decided(each) for path, each in attributes.items()}
        self._merged_as_text |= {
            path
            for path, each in attributes.items()
            if each["merge"] in ("unspecified", "set", "text", "union")
        }

    def _decided(self, attributes: Mapping[str, str]) -> _Conversion | None:
        def has(name: str) -> bool:
            return attributes[name] not in ("unspecified", "unset")

        driver = f"filter.{attributes['filter']}"
        encoded = has("working-tree-encoding")
        always = (
            encoded
            or has("ident")
            or (has("filter") and any(name.startswith(f"{driver}.") for name in self._settings))
        )
        ends = attributes["eol"]
        text = attributes["text"] if attributes["text"] != "unspecified" else attributes["crlf"]
        is_text = text != "unset" and (
            text != "unspecified" or ends in ("lf", "crlf") or self._automatic != "false"
        )
        if not always and not is_text:
            return None
        return _Conversion(encoded, always, is_text and self._writes_crlf(ends, text))

    def _writes_crlf(self, ends: str, text: str) -> bool:
        if ends in ("lf", "crlf"):
            return ends == "crlf"
        if text == "input":
            return False
        if self._automatic != "false":
            return self._automatic == "true"
        ends = self._settings.get("core.eol", "native")
        return ends == "crlf" or (ends == "native" and os.linesep == "\r\n")
