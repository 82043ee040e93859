"""Every heading of the description has a row, and what a row names is there."""

import ast
import re
from pathlib import Path

import pytest

from gluecast.repository.triggers import Upload, triggers
from gluecast.template.bundled import TEMPLATE_ROOT
from tasks.examples import RENDERED

PAGE = (TEMPLATE_ROOT / "docs/description.md").read_text(encoding="utf-8")

HEADINGS = [
    "S3 Event Processing for Glue Jobs",
    "Overview",
    "Architecture",
    "Event-Triggered Flow",
    "Scheduled Flow (Unchanged)",
    "Key Features",
    "Automatic Detection",
    "File Format Support",
    "Enhanced Logging",
    "How It Works",
    "EventBridge Input Transformer",
    "BaseGlueJob Enhancement",
    "Smart Data Loading",
    "Job Examples",
    "Sales ETL Job - No Changes Required",
    "Customer Import Job - Also Works Unchanged",
    "Configuration Examples",
    "EventBridge S3 Event Rules",
    "Scheduled Processing (Unchanged)",
    "File Naming Patterns",
    "Sales Data Examples",
    "Customer Data Examples",
    "Cost Benefits",
    "Event-Triggered Processing",
    "Scheduled Processing (Batch)",
    "Monitoring and Observability",
    "Enhanced CloudWatch Logs",
    "CloudWatch Queries",
    "Custom Metrics",
    "Testing",
    "Local Development",
    "Integration Testing",
    "Migration Guide",
    "For Existing Jobs",
    "For New Event Processing",
    "Rollback Plan",
    "Best Practices",
    "File Organization",
    "Error Handling",
    "Performance Optimization",
    "Troubleshooting",
    "Common Issues",
    "Job Processes All Files Instead of Specific File",
    "No S3 Event Parameters in Logs",
    "Event Not Triggering Job",
    "Debug Commands",
    "Future Enhancements",
    "Potential Improvements",
    "Advanced Patterns",
]
"""Those of the description that this project was built from, in its order."""

FILES = {
    "sales_etl": [
        "sales/daily_2024-01-15.csv",
        "sales/weekly_summary_2024-W03.csv",
        "sales/corrections_2024-01-15_v2.csv",
        "sales/realtime_batch_20240115_143022.csv",
        "sales/weekly_2024-W03.csv",
        "sales/corrections_2024-01.csv",
    ],
    "customer_import": [
        "customers/daily_export_20240115.csv",
        "customers/incremental_update_20240115_080000.csv",
        "customers/full_extract_20240115.csv",
        "customers/incremental_20240115.csv",
    ],
    "product_catalog": ["products/catalog_update.json", "products/pricing_update.json"],
}


def rows() -> list[list[str]]:
    """The cells of each row of the page's tables, without their headers."""
    lines = [line for line in PAGE.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if row[0] not in ("heading", "what")]


def paths() -> list[str]:
    """The cells that are a place or a test, and what else in backticks begins with a folder."""
    cells = {cell for row in rows() for cell in row}
    named = {name for cell in cells for name in re.findall("^`([^`]+)`$|`(tests/[^`]+)`", cell)}
    return sorted({"".join(name) for name in named})


def place(name: str) -> Path:
    """A path of this project, or of the rendered repository."""
    ours = TEMPLATE_ROOT / name
    return ours if ours.exists() else RENDERED / name


def functions_of(path: Path) -> set[str]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".hcl":
        return set(re.findall(r'^run "(\w+)"', text, re.MULTILINE))
    functions = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef))
    return {function.name for function in functions if function.name.startswith("test_")}


def test_every_heading_of_the_description_has_a_row() -> None:
    found = list(dict.fromkeys(row[0] for row in rows() if len(row) == 5))

    assert found == HEADINGS


def test_no_cell_is_empty_and_every_row_names_a_place_and_a_test() -> None:
    assert len(rows()) > 60
    for row in rows():
        assert all(row), row
        assert sum(cell.startswith("`") for cell in row) >= 2, row
        assert any("tests/" in cell or "tooling/e2e/" in cell for cell in row), row


@pytest.mark.parametrize("name", paths())
def test_what_a_row_names_exists(name: str) -> None:
    path, _, test = name.partition("::")

    assert place(path).exists()
    assert not test or test in functions_of(place(path))


@pytest.mark.parametrize(
    ("job", "key"), [(job, key) for job, keys in FILES.items() for key in keys]
)
def test_the_files_of_the_description_start_their_job(job: str, key: str) -> None:
    uploads = [trigger for trigger in triggers(RENDERED) if isinstance(trigger, Upload)]

    fitting = [
        each for each in uploads if key.startswith(each.prefix) and key.endswith(each.suffix)
    ]

    assert [each.job for each in fitting] == [job]
