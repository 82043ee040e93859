"""A base class that comes to stand on the platform's: what stays, what goes, what is told."""

from textwrap import dedent, indent

import pytest

from gluecast.base_class import Conversion, Module, convert, find_base_class, find_jobs
from gluecast.errors import GluecastError
from gluecast.examples import RENDERED

PLATFORM = (RENDERED / "src/glue_runtime/base_job.py").read_text()
JOB = """
    from base_job import BaseGlueJob


    class SalesJob(BaseGlueJob):
        def extract(self):
            return self.load_data("sales")
"""


def module(path: str, text: str) -> Module:
    return Module(path, dedent(text).lstrip())


def converted(body: str, *, head: str = "", job: str = JOB) -> Conversion:
    """The class BaseGlueJob of this body, converted beside this job."""
    lines = [dedent(head).strip(), "", "", "class BaseGlueJob:"]
    text = "\n".join(lines).lstrip() + "\n" + indent(dedent(body).rstrip(), "    ") + "\n"
    return convert(Module("src/base_job.py", text), PLATFORM, [module("src/jobs/sales.py", job)])


def test_helpers_and_class_attributes_stay_with_their_comments() -> None:
    result = converted("""
        \"\"\"Ours.\"\"\"

        zones = ("bronze", "silver")

        # --- what we share ---

        @staticmethod
        def bucket(zone):
            return f"lake-{zone}"  # our name
    """)

    assert result.text == dedent('''\
        from glue_runtime.adopted import AdoptedGlueJob


        class BaseGlueJob(AdoptedGlueJob):

            """Ours."""

            zones = ("bronze", "silver")

            # --- what we share ---

            @staticmethod
            def bucket(zone):
                return f"lake-{zone}"  # our name
    ''')
    assert result.kept == ["bucket"]


def test_what_the_platform_does_goes_with_its_private_helpers() -> None:
    result = converted("""
        def load_data(self, data_type):
            return self._read(self._path(data_type))

        def _read(self, path):
            return self.spark.read.csv(path)

        def _path(self, data_type):
            return f"s3://{data_type}"

        def run(self):
            self.load(self.transform(self.extract()))

        def _used_by_a_helper(self):
            return 1

        def helper(self):
            return self._used_by_a_helper()
    """)

    assert result.replaced == ["_path", "_read", "load_data", "run"]
    assert result.kept == ["_used_by_a_helper", "helper"]


def test_a_private_method_that_a_job_uses_stays() -> None:
    job = JOB + "\n        def load(self, df):\n            self._write(df)\n"

    assert converted("\n    def _write(self, df):\n        df.show()\n", job=job).kept == ["_write"]


def test_hooks_stay_if_they_do_something() -> None:
    result = converted("""
        def extract(self):
            raise NotImplementedError

        def transform(self, df):
            \"\"\"Say what to do.\"\"\"

        def load(self, df):
            df.write.jdbc("url", "table")
    """)

    assert (result.kept, result.replaced) == (["load"], ["extract", "transform"])


def test_a_constructor_keeps_what_the_platforms_does_not_set() -> None:
    text = converted("""
        def __init__(self, job_name, args):
            super().__init__()
            self.job_name = job_name
            self.spark = make_spark()
            # our own
            day = args.get("day")
            self.day = day or "today"
            connect(self)
    """).text

    assert text.endswith(
        "    def __init__(self, job_name, args):\n"
        "        super().__init__(job_name, args)\n"
        "        # our own\n"
        '        day = args.get("day")\n'
        '        self.day = day or "today"\n'
        "        connect(self)\n"
    )


def test_a_constructor_with_nothing_of_its_own_goes() -> None:
    text = converted("""
        def __init__(self, name, args):
            self.job_name = name
            self.args = args
            self.environment = args["env"]
    """).text

    assert "__init__" not in text
    assert text.endswith("class BaseGlueJob(AdoptedGlueJob):\n    pass\n")


def test_a_default_of_the_environment_stays() -> None:
    text = converted("""
        def __init__(self, job_name, args):
            self.environment = args.get("env", "local")
    """).text

    assert 'super().__init__(job_name, {"env": "local", **args})' in text


@pytest.mark.parametrize("parameters", ["self, job_name", "self, job_name, args, spark"])
def test_a_constructor_of_another_form_is_refused(parameters: str) -> None:
    with pytest.raises(GluecastError, match=r"expected BaseGlueJob\(job_name, args\).*by hand"):
        converted(f"\n    def __init__({parameters}):\n        self.spark = 1\n")


def test_a_method_that_means_something_else_in_the_platforms_class_is_refused() -> None:
    with pytest.raises(
        GluecastError, match="that the platform's has not, found _place, output_uri"
    ):
        converted("""
            def _place(self):
                return 1

            def output_uri(self):
                return 2
        """)


def test_what_run_did_besides_is_told() -> None:
    [note] = converted("""
        def run(self):
            self.load(self.transform(self.extract()))
            self.notify("done")

        def notify(self, word):
            print(word)
    """).notes

    assert "notify" in note and "super().run()" in note


def test_another_order_of_the_hooks_is_told() -> None:
    [note] = converted("""
        def run(self):
            df = self.extract()
            self.custom_validation(df)
            self.load(self.transform(df))
    """).notes

    assert "before transform()" in note


@pytest.mark.parametrize(
    ("of_the_base", "of_the_job", "expected"),
    [
        ('df.write.mode("overwrite").parquet("x")', "", True),
        ("df.write.insertInto('t', overwrite=True)", "", True),
        ('df.write.mode("append").parquet("x")', 'df.write.mode("overwrite").csv("x")', True),
        ('df.write.mode("append").parquet("x")', "", False),
    ],
)
def test_where_a_load_overwrites_every_run_reads_the_whole_directory(
    of_the_base: str, of_the_job: str, expected: bool
) -> None:
    job = f"{JOB}\n        def load(self, df):\n            {of_the_job}\n" if of_the_job else JOB

    result = converted(f"\n    def load(self, df):\n        {of_the_base}\n", job=job)

    assert result.whole_directory is expected
    assert ("\n    whole_directory = True\n" in result.text) is expected


def test_tests_that_overwrite_are_no_reason() -> None:
    base = module("src/base_job.py", "class BaseGlueJob:\n    pass\n")
    test = module("tests/test_x.py", "overwrite = 1\n")

    assert not convert(base, PLATFORM, [test]).whole_directory


def test_other_bases_stay() -> None:
    base = module("src/base_job.py", "class BaseGlueJob(mixins.Logs, ABC):\n    pass\n")

    assert "class BaseGlueJob(mixins.Logs, AdoptedGlueJob):" in convert(base, PLATFORM, []).text


def test_line_ends_stay() -> None:
    text = "import re\r\n\r\n\r\nclass BaseGlueJob:\r\n    x = re.sub\r\n"

    converted = convert(Module("src/base_job.py", text), PLATFORM, []).text

    assert converted.count("\n") == converted.count("\r\n") == 7


def test_a_body_beside_its_head_is_refused() -> None:
    with pytest.raises(GluecastError, match="expected the body of __init__ on lines of its own"):
        converted("\n    def __init__(self, job_name, args): self.x = 1\n")


def test_imports_that_nothing_uses_any_more_go() -> None:
    job = JOB.replace("import BaseGlueJob", "import BaseGlueJob, json")
    text = converted(
        "\n    def helper(self):\n        return re.sub\n\n    def run(self):\n        time.time()\n",
        head="""
            from __future__ import annotations

            import json
            import re, time
            from abc import ABC
        """,
        job=job,
    ).text

    assert text.startswith(
        "from __future__ import annotations\n\nimport json\nimport re\n\nfrom glue"
    )


def test_the_new_import_follows_the_modules_docstring() -> None:
    text = converted("\n    pass\n", head='"""Our base class."""').text

    assert text.startswith('"""Our base class."""\n\nfrom glue_runtime')


def test_jobs_are_found_by_any_way_of_naming_the_base_class() -> None:
    modules = [
        module("src/base_job.py", "class BaseGlueJob:\n    pass\n"),
        module("src/daily.py", "class DailyJob(BaseGlueJob):\n    pass\n"),
        module("src/jobs/a.py", "class A(base_job.BaseGlueJob):\n    pass\n"),
        module("src/jobs/b.py", "class B(DailyJob):\n    pass\n"),
        module("src/jobs/c.py", "class C:\n    pass\n"),
    ]

    assert find_base_class(modules).path == "src/base_job.py"
    assert [(job.name, job.class_name) for job in find_jobs(modules)] == [("a", "A"), ("b", "B")]


def test_what_is_no_python_code_is_named() -> None:
    with pytest.raises(GluecastError, match=r"src/old\.py, found .* in line 1"):
        find_base_class([module("src/old.py", "print 'two'\n")])
