"""The task that plants faults: one is noticed, one survives, and the project itself stays as it is."""

import subprocess
from pathlib import Path

import pytest

from gluecast.template.bundled import TEMPLATE_ROOT
from tasks.examples import RENDERED
from tasks.faults import python_faults, selection, text_faults
from tasks.faults.__main__ import drawn, recorded
from tasks.faults.fault import Fault, GoneError, located
from tasks.faults.planting import Outcome, copy_of, plant, try_fault


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of one module and one test that looks at half of it."""
    folder = tmp_path / "project"
    (folder / "generator").mkdir(parents=True)
    (folder / "generator/shop.py").write_text(
        "def fits(size: int) -> bool:\n    return size < 3\n\n\n"
        "def unseen(size: int) -> bool:\n    return size < 5\n"
    )
    (folder / "test_shop.py").write_text(
        "import sys; sys.path.insert(0, 'generator')\n"
        "from shop import fits\n\ndef test_three_is_too_many():\n    assert not fits(3)\n"
    )
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    return folder


def fault_in(project: Path, line: str) -> Fault:
    return next(
        fault
        for fault in python_faults.faults_of(project, "generator/shop.py")
        if fault.line == line and fault.change == "core/ReplaceComparisonOperator_Lt_LtE"
    )


def test_a_fault_is_noticed_or_survives_and_the_project_stays_as_it_is(project: Path) -> None:
    before = (project / "generator/shop.py").read_text()

    noticed = try_fault(project, fault_in(project, "return size < 3"), ["test_shop.py"])
    survived = try_fault(project, fault_in(project, "return size < 5"), ["test_shop.py"])

    assert noticed == Outcome("noticed", "test_shop.py::test_three_is_too_many")
    assert survived == Outcome("survived")
    assert (project / "generator/shop.py").read_text() == before


def test_a_fault_whose_line_is_gone_is_reported_and_one_that_moved_is_found(project: Path) -> None:
    fault = fault_in(project, "return size < 3")
    (project / "generator/store").mkdir()
    (project / "generator/shop.py").rename(project / "generator/store/shop.py")
    assert located(project, fault) == project / "generator/store/shop.py"

    (project / "generator/store/shop.py").write_text("")
    assert try_fault(project, fault, ["test_shop.py"]) == Outcome("gone")


def test_a_killer_that_is_no_longer_there_does_not_count(project: Path) -> None:
    fault = fault_in(project, "return size < 5")

    assert try_fault(project, fault, ["test_gone.py::test_a", "test_shop.py"]) == Outcome(
        "survived"
    )


def test_a_text_is_replaced_where_it_was_meant() -> None:
    fault = Fault("a.tf", "size = 1", 1, "size = 1 -> size = 2")

    assert text_faults.planted("size = 1\nsize = 1\n", fault) == "size = 1\nsize = 2\n"
    with pytest.raises(GoneError):
        text_faults.planted("size = 1\n", fault)


def test_a_fault_of_a_module_is_planted_into_the_example_too(tmp_path: Path) -> None:
    project = copy_of(TEMPLATE_ROOT, tmp_path / "project")
    fault = next(fault for fault in text_faults.table() if fault.file.endswith("keys.tf"))

    plant(project, fault)

    old, new = fault.change.split(" -> ")
    written = (RENDERED / "infrastructure/modules/eventbridge/keys.tf").relative_to(TEMPLATE_ROOT)
    assert new in (project / written).read_text()
    assert old not in (project / written).read_text()


def test_every_fault_of_the_table_is_still_there() -> None:
    for fault in text_faults.table():
        text = located(TEMPLATE_ROOT, fault).read_text(encoding="utf-8")
        assert text_faults.planted(text, fault) != text


def test_the_same_seed_draws_the_same_faults_and_tests_look_at_each() -> None:
    faults = drawn(120, seed=7)

    assert faults == drawn(120, seed=7)
    assert len(faults) == len(set(faults)) == 120
    assert all(selection.tests_of(fault.file) for fault in faults)


def test_the_sample_on_record_is_large_and_mostly_noticed() -> None:
    outcomes = [outcome.verdict for outcome in recorded().values()]

    assert len(outcomes) >= 200
    assert outcomes.count("noticed") > 0.5 * len(outcomes)
