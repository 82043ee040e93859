"""Repositories of many jobs, made of the files of the example without rendering each."""

from pathlib import Path

from tasks.examples import RENDERED

SHARED = (
    ".copier-answers/_platform.yml",
    "src/glue_runtime/settings.py",
    "infrastructure/environments/dev/main.tf",
    "infrastructure/environments/prod/main.tf",
)
KINDS = (("sales_etl", "sales"), ("customer_import", "customers"), ("product_catalog", "products"))
"""Jobs of the example, and the folders they read."""


def many_jobs(repository: Path, count: int) -> list[str]:
    """Write so many jobs: job_000 is as sales_etl is, job_001 as customer_import, and so on."""
    for path in SHARED:
        write(repository, path, (RENDERED / path).read_text(encoding="utf-8"))
    names = [f"job_{number:03}" for number in range(count)]
    for number, name in enumerate(names):
        like, folder = KINDS[number % len(KINDS)]
        for place in (
            f"src/jobs/{like}.py",
            f"infrastructure/jobs/{like}.tf",
            f"infrastructure/jobs/{like}.json",
        ):
            text = (RENDERED / place).read_text(encoding="utf-8").replace(like, name)
            write(repository, place.replace(like, name), text.replace(f"{folder}/", f"{name}s/"))
        answers = (RENDERED / f".copier-answers/{like}.yml").read_text(encoding="utf-8")
        write(repository, f".copier-answers/{name}.yml", answers.replace(like, name))
    return names


def write(repository: Path, path: str, text: str) -> None:
    target = repository / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


def job_with(
    repository: Path, name: str, *, rules: str = "", schedules: str = "", then: str = ""
) -> None:
    """Write the Terraform code of a job with these entries, as an owner may have edited it."""
    write(
        repository,
        f"infrastructure/jobs/{name}.tf",
        f'module "{name}" {{\n  s3_event_rules = {{\n{rules}\n  }}\n  schedules = {{\n{schedules}\n  }}\n'
        f"  then = [{then}]\n}}\n",
    )
