"""The arguments of a run: optional, and whatever a value looks like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_runtime import settings
from glue_runtime.arguments import parse_arguments, parse_buckets
from glue_runtime.errors import ArgumentError
from glue_runtime.local import run
from glue_runtime.local.run import further_arguments
from glue_runtime.run_sources import RunSources
from jobs_of_the_documentation import SalesETLJob

NAMES = ("env", "bucket", "object_key")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], {}),
        (["--env", "dev"], {"env": "dev"}),
        (["--env=dev"], {"env": "dev"}),
        (["--object_key", "-x.csv"], {"object_key": "-x.csv"}),
        (["--object_key", "--env"], {"object_key": "--env"}),
        (["--object_key", "two words = one.csv"], {"object_key": "two words = one.csv"}),
        (["--object_key=a=b"], {"object_key": "a=b"}),
        (["--object_key", ""], {"object_key": ""}),
        (["--env", "dev", "--env", "prod"], {"env": "prod"}),
        (["--envi", "dev"], {}),  # an abbreviation is another name
        (["--e", "dev"], {}),
        (["--job-language", "python", "--env", "dev", "--enable-metrics", "true"], {"env": "dev"}),
        (["script.py", "--env", "dev"], {"env": "dev"}),
    ],
)
def test_each_name_takes_the_word_after_it(words: list[str], expected: dict[str, str]) -> None:
    assert parse_arguments(words, NAMES) == expected


def test_a_name_without_a_value_is_an_error() -> None:
    with pytest.raises(ArgumentError, match="expected a value after --env, found the end"):
        parse_arguments(["--env"], NAMES)


@given(st.dictionaries(st.sampled_from(NAMES), st.text()), st.booleans())
def test_any_value_comes_through_unchanged(values: dict[str, str], joined: bool) -> None:
    words = []
    for name, value in values.items():
        words += [f"--{name}={value}"] if joined else [f"--{name}", value]

    assert parse_arguments(words, NAMES) == values


@pytest.mark.parametrize("env", [None, "", "a b", "../x"])
def test_a_run_needs_an_environment(env: str | None) -> None:
    with pytest.raises(ArgumentError, match="expected the environment of the run"):
        SalesETLJob("sales_etl", {"env": env})


@pytest.mark.parametrize(
    "args", [{"object_key": "sales/a.csv"}, {"bucket": "b", "object_key": ""}, {"object_key": ""}]
)
def test_half_an_event_does_not_fall_back_to_the_directory(args: dict[str, str]) -> None:
    with pytest.raises(ArgumentError, match="expected the bucket and the key of the object"):
        SalesETLJob("sales_etl", {"env": "test", **args})


def test_a_bucket_alone_is_a_scheduled_run() -> None:
    job = SalesETLJob("sales_etl", {"env": "test", "bucket": "some-bucket"})

    assert job.trigger_type == "scheduled"


class _JobWithArguments(SalesETLJob):
    arguments = ("region", "day")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("--region emea --day=2024-01-15", ["--region", "emea", "--day=2024-01-15"]),
        ("--region 'two words' --day --x", ["--region", "two words", "--day", "--x"]),
    ],
)
def test_further_arguments_of_a_local_run_are_read_as_in_a_shell(
    text: str, words: list[str]
) -> None:
    assert further_arguments(text, _JobWithArguments) == words


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("--regoin emea", "expected in ARGS one of --region, --day, found '--regoin'"),
        ("region emea", "found 'region'"),
        ("--env prod", "found '--env'"),
        ("--region emea x", "found 'x'"),
        ("--region", "expected a value after --region in ARGS, found none"),
        ("--region 'x", "No closing quotation"),
    ],
)
def test_a_wrong_argument_of_a_local_run_is_named(text: str, reason: str) -> None:
    with pytest.raises(ArgumentError, match=reason):
        further_arguments(text, _JobWithArguments)


def test_a_local_run_hands_its_further_arguments_to_the_job(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    received: list[object] = []
    monkeypatch.setattr(run, "find_job", lambda _: _JobWithArguments)
    monkeypatch.setattr(_JobWithArguments, "main", lambda *words: received.append(words))
    monkeypatch.setattr(run, "is_for_people", lambda _: False)

    run.main(["sales_etl", "--arguments=--region emea"])

    assert received == [("sales_etl", ["--env", "local", "--region", "emea"])]


def test_a_run_reads_and_writes_the_buckets_that_it_is_told() -> None:
    told = {"env": "prod", "lake_buckets": "bronze=acme-landing,silver=acme-curated"}
    job = SalesETLJob("sales_etl", told)

    assert job.output_uri == "s3://acme-curated/sales_etl"
    assert job.quarantine_uri == "s3://acme-curated/_quarantine/sales_etl"
    assert RunSources(job).uri("sales") == "s3://acme-landing/sales/"
    assert job.lake_bucket("gold") == settings.lake_bucket("prod", "gold")


def test_a_run_that_is_told_nothing_knows_its_buckets() -> None:
    job = SalesETLJob("sales_etl", {"env": "prod"})

    assert job.lake_bucket("silver") == settings.lake_bucket("prod", "silver")
    assert parse_buckets("") == parse_buckets(None) == {}


@pytest.mark.parametrize("told", ["acme-landing", "bronze=", "=acme-landing", "bronze=a,b"])
def test_what_is_no_list_of_buckets_is_an_error(told: str) -> None:
    with pytest.raises(ArgumentError, match="expected the names of buckets by zone"):
        SalesETLJob("sales_etl", {"env": "prod", "lake_buckets": told})
