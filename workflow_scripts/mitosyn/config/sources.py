"""Where an input comes from: a path, a URL, or a member of an archive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Discriminator, Tag, model_validator

from mitosyn.config.problems import SOURCE_TAGS
from mitosyn.config.values import (
    Checksum,
    FileName,
    Member,
    PathOrUrl,
    PositiveInt,
    Section,
    Url,
    file_url,
    is_url,
    url_end,
)


class Download(Section):
    """A remote file of which more is to be said than its URL."""

    url: Url
    """`https://` or `http://` address; a file in a bucket is read through its HTTPS address."""
    filename: FileName | None = None
    """The name to keep the file under; needed where the URL does not end in it."""
    size: PositiveInt | None = None
    """Its size in bytes, which is then verified."""
    checksum: Checksum | None = None
    """`md5:` or `sha256:` and hexadecimal digits, which are then verified."""

    @property
    def name(self) -> str:
        """The file's name: the one given, or the end of the URL."""
        return self.filename or url_end(self.url)

    @model_validator(mode="after")
    def _has_a_name(self) -> Download:
        if self.filename is None:
            file_url(self.url)
        return self


class ArchiveMember(Section):
    """A file or folder inside one of the dataset's archives."""

    archive: str
    """The name of the archive under `archives`."""
    member: Member
    """The path inside the archive."""


def _form(value: Any) -> str | None:
    """Return which form of a source a value has, so that its problems are those of this form."""
    if isinstance(value, str):
        return SOURCE_TAGS[0]
    if isinstance(value, Section):
        return f"<{type(value).__name__}>"
    if isinstance(value, Mapping) and "path" in value:
        return SOURCE_TAGS[3]
    if isinstance(value, Mapping):
        return SOURCE_TAGS[2] if {"archive", "member"} & set(value) else SOURCE_TAGS[1]
    return None


_File = Annotated[PathOrUrl, Tag(SOURCE_TAGS[0])] | Annotated[Download, Tag(SOURCE_TAGS[1])]
Archive = Annotated[_File, Discriminator(_form)]
Source = Annotated[_File | Annotated[ArchiveMember, Tag(SOURCE_TAGS[2])], Discriminator(_form)]


class OwnTable(Section):
    """A table that is canonical already."""

    path: Source
    """A CSV, Parquet or Arrow file, by the end of its name."""


TableSource = Annotated[
    _File
    | Annotated[ArchiveMember, Tag(SOURCE_TAGS[2])]
    | Annotated[OwnTable, Tag(SOURCE_TAGS[3])],
    Discriminator(_form),
]


def as_download(source: Source | None) -> Download | None:
    """Return what is to be retrieved for a source, None for what is local or in an archive."""
    if isinstance(source, str) and is_url(source):
        return Download(url=source)
    return source if isinstance(source, Download) else None


def local_path(source: Source | None, resources: str) -> str:
    """Return where a source is on this machine, or will be."""
    download = as_download(source)
    if download is not None:
        return f"{resources}/{download.name}"
    if isinstance(source, ArchiveMember):
        return f"{resources}/{source.archive}/{source.member}"
    return str(source)
