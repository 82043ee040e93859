"""The templates of a repository's layers: each template is opened once, each version read once."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gluecast.errors import GluecastError
from gluecast.repository.layers import Layer
from gluecast.repository.storage import Storage
from gluecast.template.source import Source, open_source

if TYPE_CHECKING:
    from gluecast.template.renderer import Renderer


class OpenTemplates:
    """Sources and renderers, created on demand.

    `nowhere` is an empty folder, the destination of a rendering that has all answers. `moved_to` is
    where the templates are now, if not at their recorded addresses.
    """

    def __init__(
        self, repository: Path, scratch: Path, storage: Storage | None, moved_to: str | None
    ) -> None:
        self.nowhere = scratch / "nowhere"
        self.nowhere.mkdir()
        self._repository = repository
        self._scratch = scratch
        self._storage = storage
        self._moved_to = moved_to
        self._places: dict[str, Source] = {}
        self._sources: dict[str, Source] = {}
        self._renderers: dict[tuple[str, str], Renderer] = {}

    def source(self, layer: Layer) -> Source:
        """The repository of a layer's template.

        Raises:
            GluecastError: there is none.
        """
        address = layer.source
        if address not in self._sources:
            found = self._opened(self._moved_to or address)
            self._sources[address] = replace(found, address=address, _checkouts={})
        return self._sources[address]

    def _opened(self, place: str) -> Source:
        if place not in self._places:
            try:
                self._places[place] = open_source(place, self._repository, self._scratch)
            except GluecastError as error:
                raise GluecastError(
                    f"{error}; if the template has moved: gluecast update --template ADDRESS"
                ) from error
        return self._places[place]

    def renderer(self, layer: Layer, commit: str | None = None) -> "Renderer":
        """The renderer of one commit of a layer's template; by default of the layer's version.

        Raises:
            GluecastError: the template has no such version, or needs `--trust`.
        """
        # This imports Copier, which takes longer than the rest of most commands.
        from gluecast.template.renderer import Renderer

        source = self.source(layer)
        key = (layer.source, commit or source.recorded(layer.version))
        if key not in self._renderers:
            self._renderers[key] = Renderer(source.checkout(key[1]), self._storage)
        return self._renderers[key]


@contextmanager
def open_templates(
    repository: Path, storage: Storage | None = None, moved_to: str | None = None
) -> Iterator[OpenTemplates]:
    """The templates of a repository, open for the duration of a command.

    Renderings are as git stores them in a repository with this `storage`.
    """
    with tempfile.TemporaryDirectory(prefix="gluecast-") as folder:
        yield OpenTemplates(repository, Path(folder), storage, moved_to)
