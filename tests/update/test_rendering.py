"""Layers rendered in memory, many from one checkout, are what `copier copy` writes."""

from pathlib import Path

import pytest

from gluecast.errors import GluecastError
from gluecast.repository.file import EXECUTABLE, SYMLINK
from gluecast.repository.layers import read_layers
from gluecast.template.renderer import Renderer
from gluecast.template.source import open_source
from rendering import Copy
from small_template import SmallTemplate, tree


def rendered(repository: Path, scratch: Path) -> dict[str, tuple[str, bytes]]:
    """Every layer of a repository as its recorded answers render, in the form of `tree`."""
    scratch.mkdir()
    (scratch / "nowhere").mkdir()
    layers = read_layers(repository)
    source = open_source(layers[0].source, repository, scratch)
    renderer = Renderer(source.checkout(source.resolve(layers[0].version)))
    found = {}
    for strict, destination in [(False, repository), (True, scratch / "nowhere")]:
        for layer in layers:
            files = renderer.render(layer, destination, strict=strict).files
            for path, file in files.items():
                form = {EXECUTABLE: "x", SYMLINK: "link"}.get(file.mode, "-")
                assert found.setdefault(path, (form, file.data)) == (form, file.data)
    return found


def test_the_real_template_renders_as_copier_does(copy: Copy, tmp_path: Path) -> None:
    repository = copy(job_name="sales_etl", environments=["dev", "test1", "prod"])
    copy(job_name="b_c", prefix="landing/b/", suffix=".json.gz", schedule="none")

    assert rendered(repository, tmp_path / "scratch") == tree(repository)


def test_names_modes_links_loops_and_excludes_render_as_copier_does(tmp_path: Path) -> None:
    small = SmallTemplate(tmp_path / "template")
    with (small.folder / "copier.yml").open("a") as questions:
        questions.write("_preserve_symlinks: true\n_exclude: [secret, '*.bak']\n")
        questions.write("names: {type: yaml, when: false, default: [one, two]}\n")
    small.write(
        "{{ job }}/{{ job_name }}/sub/{% yield x from names %}{{ x }}.txt{% endyield %}.jinja",
        "{{ x }}",
    )
    small.write(
        "{{ job }}/{% yield x from names %}{{ x }}{% endyield %}/{{ x }}.jinja", "in {{ x }}"
    )
    small.write("{{ job }}/{% if job_name == 'other' %}never{% endif %}/file", "")
    small.write("{{ job }}/secret/file", "excluded")
    small.write("{{ job }}/file.bak", "excluded")
    small.write("{{ job }}/both", "not this")
    small.write("{{ job }}/both.jinja", "but this")
    small.write("{{ job }}/bytes", bytes(range(256)))
    small.write("{{ job }}/no_newline.jinja", "{{ job_name }}")
    small.write("{{ job }}/run.sh.jinja", "#!/bin/sh\r\n")
    (small.folder / "template/{{ job }}/run.sh.jinja").chmod(0o755)
    (small.folder / "template/{{ job }}/link").symlink_to("bytes")
    (small.folder / "template/{{ job }}/named.jinja").symlink_to("{{ job_name }}")
    small.release("v2.0.0")
    repository = small.repository(tmp_path / "repository", "sales", version="v2.0.0")

    found = rendered(repository, tmp_path / "scratch")

    assert found == tree(repository)
    assert {"one/one", "sales/sub/two.txt", "link", "both"} <= found.keys()


def test_the_environment_of_one_layer_does_not_leak_into_the_next(tmp_path: Path) -> None:
    small = SmallTemplate(tmp_path / "template")
    repository = small.repository(tmp_path / "repository", *(f"job{n}" for n in range(5)))

    assert rendered(repository, tmp_path / "scratch") == tree(repository)


def test_an_answer_that_was_edited_into_something_invalid_is_named(tmp_path: Path) -> None:
    small = SmallTemplate(tmp_path / "template")
    repository = small.repository(tmp_path / "repository", "sales")
    answers = repository / ".copier-answers/sales.yml"
    answers.write_text(answers.read_text().replace('"sales"', '"Sales"'))

    with pytest.raises(GluecastError, match=r"refuses job_name: 'Sales' of sales at v1\.0\.0"):
        rendered(repository, tmp_path / "scratch")
