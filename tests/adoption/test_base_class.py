"""Converting a base class to extend the platform's: what is kept, what is replaced, what the notes say."""

import ast
import re
from textwrap import dedent, indent

import libcst as cst
import pytest

from gluecast.adopt.base_class import Conversion, convert
from gluecast.adopt.job_classes import find_base_class, find_jobs
from gluecast.adopt.python_module import Module
from gluecast.errors import GluecastError
from tasks.examples import RENDERED

PLATFORM = (RENDERED / "src/glue_runtime/base_job.py").read_text()
CONSTRUCTOR = """
    def __init__(self, job_name, args):
        self.job_name = job_name
"""
JOB = """
    from base_job import BaseGlueJob


    class SalesJob(BaseGlueJob):
        def extract(self):
            return self.load_data("sales")
"""


def module(path: str, text: str) -> Module:
    return Module(path, dedent(text).lstrip())


def converted(
    body: str, *, head: str = "", job: str = JOB, accept_losses: bool = False
) -> Conversion:
    """The class BaseGlueJob of this body, converted beside this job."""
    body = dedent(body).rstrip() + "\n"
    if "__init__" not in body:
        body += dedent(CONSTRUCTOR)
    lines = [dedent(head).strip(), "", "", "class BaseGlueJob:"]
    text = "\n".join(lines).lstrip() + "\n" + indent(body, "    ")
    base, others = Module("src/base_job.py", text), [module("src/jobs/sales.py", job)]
    return convert(base, PLATFORM, others, accept_losses=accept_losses)


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
        def __init__(self, job_name, args):
            self.job_name = job_name
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


@pytest.mark.parametrize(
    "parameters",
    [
        "self, job_name",
        "self, args, job_name",
        "self, name, args",
        "self, glue_context, config",
        "self, job_name, args, spark",
        "self, job_name, args, spark=None",
        "self, job_name, args, *, spark=None",
        "self, job_name, /, args",
        "self, job_name, args, *more",
        "self, job_name, args, **more",
    ],
)
def test_a_constructor_of_another_form_is_refused(parameters: str) -> None:
    with pytest.raises(
        GluecastError, match=r"expected the constructor \(self, job_name, args\).*found \(.*by hand"
    ):
        converted(f"\n    def __init__({parameters}):\n        self.spark = 1\n")


def test_the_form_of_a_constructor_stays() -> None:
    text = converted("""
        @traced
        def __init__(self, job_name: str = "job", args: "dict[str, str]" = None) -> None:
            \"\"\"Ours.\"\"\"
            self.job_name = job_name
            self.args = args or {}
    """).text

    assert text.endswith(
        "    @traced\n"
        '    def __init__(self, job_name: str = "job", args: "dict[str, str]" = None) -> None:\n'
        '        """Ours."""\n'
        "        super().__init__(job_name, args or {})\n"
    )


@pytest.mark.parametrize(
    ("statement", "default"),
    [
        ('self.environment = args.get("env", DEFAULT)', "DEFAULT"),
        ('self.environment = self.args.get("env") or "dev"', 'args.get("env") or "dev"'),
        ('self.environment = args.get("env", os.environ["ENV"])', 'os.environ["ENV"]'),
        ('self.environment = args["environment"]', 'args["environment"]'),
        ('self.stage = self.args.get("STAGE", "dev")', 'args.get("STAGE", "dev")'),
    ],
)
def test_a_default_of_the_environment_may_be_any_code(statement: str, default: str) -> None:
    text = converted(f"\n    def __init__(self, job_name, args):\n        {statement}\n").text

    assert f'super().__init__(job_name, {{"env": {default}, **args}})' in text


def test_calls_of_other_methods_of_a_base_stay() -> None:
    text = converted("""
        def __init__(self, job_name, args):
            super(BaseGlueJob, self).__init__()
            super().configure(args)
    """).text

    assert text.endswith(
        "        super().__init__(job_name, args)\n        super().configure(args)\n"
    )


@pytest.mark.parametrize(
    "statement",
    [
        "self.logger = setup_sentry(job_name)",
        "self.spark = self._session(args)",
        "self.args = {**DEFAULTS, **args}",
        "self.job_name = job_name.lower()",
        'self.source_bucket = args.get("bucket", BUCKET)',
    ],
)
def test_what_a_constructor_set_otherwise_than_the_platforms_is_reported(statement: str) -> None:
    result = converted(
        f"\n    def __init__(self, job_name, args):\n        {statement}\n"
        "\n    def _session(self, args):\n        return make(args)\n"
    )

    assert [ast.unparse(ast.parse(statement)) in note for note in result.notes] == [True]
    assert "def _session" in result.text


@pytest.mark.parametrize(
    "statement",
    [
        "self.job_name = job_name",
        "self.args: dict = dict(args)",
        'self.environment = args["env"]',
        'self.source_bucket = self.args.get("bucket")',
        "self.logger = logging.getLogger(job_name)",
        "self.spark = None",
    ],
)
def test_what_a_constructor_set_as_the_platforms_does_is_not_reported(statement: str) -> None:
    result = converted(f"\n    def __init__(self, job_name, args):\n        {statement}\n")

    assert result.notes == []
    assert "__init__" not in result.text


@pytest.mark.parametrize(
    "statement",
    [
        "args = dict(args)",
        'args["env"] = "dev"',
        'args.setdefault("env", "dev")',
        "job_name = job_name.lower()",
        'self.environment = os.environ["ENV"]',
        "self.spark = self.session = make()",
        "self.spark, self.context = make()",
        "if local: self.spark = make()",
        "if local: super().__init__()",
        "x = 1; self.environment = args.get('env', x)",
    ],
)
def test_a_constructor_that_no_rule_can_keep_is_refused(statement: str) -> None:
    body = "".join(f"        {each}\n" for each in statement.split("; "))

    with pytest.raises(
        GluecastError, match=r"in the constructor of .* found .* in line .* by hand"
    ):
        converted(f"\n    def __init__(self, job_name, args):\n{body}")


def test_no_constructor_is_refused() -> None:
    with pytest.raises(GluecastError, match=r"expected the constructor .* found no constructor"):
        convert(module("src/base_job.py", "class BaseGlueJob:\n    pass\n"), PLATFORM, [])

    with pytest.raises(GluecastError, match="with an explicit constructor, found @dataclass"):
        text = f"@dataclass\nclass BaseGlueJob:\n{CONSTRUCTOR}"
        convert(module("src/base_job.py", text), PLATFORM, [])


@pytest.mark.parametrize(
    "method",
    [
        "def load_data(self, data_type, schema): ...",
        "def load_data(self, source, fallback_path, schema=None): ...",
        "def load_data(self, **options): ...",
        "def load_data(self, table): ...",
        "def run(self, dry): ...",
        "async def run(self): ...",
        "def main(cls): return cls('x', parse())\n    def main(cls, args): ...",
    ],
)
def test_a_method_that_is_called_otherwise_than_the_platforms_is_refused(method: str) -> None:
    job = JOB.replace('"sales"', 'table="sales"')

    with pytest.raises(
        GluecastError, match=r"expected (load_data|run|main)\(.*found (async )?\(.*by hand"
    ):
        converted(f"\n    {method}\n", job=job)


def test_a_method_that_is_called_as_the_platforms_is_replaced() -> None:
    assert converted("\n    def load_data(self, source): ...\n").replaced == ["load_data"]


@pytest.mark.parametrize(
    "statement",
    ["spark = None", "run = _run", "whole_directory = 1", "if LOCAL:\n    def run(self): ..."],
)
def test_a_class_attribute_that_hides_the_platforms_is_refused(statement: str) -> None:
    with pytest.raises(
        GluecastError, match=r"that the platform's class does not have, found \w+; .*by hand"
    ):
        converted(f"\n{indent(statement, '    ')}\n")


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("arguments = ['day']", "arguments"),
        ("def _described_run(self): ...", "_described_run"),
        ("def load(self, df):\n    self._job_run = 1", "_job_run"),
        ("def load(self, df):\n    self.sources, x = 1, 2", "sources"),
    ],
)
def test_a_job_that_hides_what_the_platform_has_is_refused(part: str, name: str) -> None:
    job = f"{dedent(JOB)}\n{indent(part, '    ')}\n"

    with pytest.raises(
        GluecastError, match=rf"names in SalesJob of src/jobs/sales.py .*found {name};"
    ):
        converted("\n    pass\n", job=job)


def test_a_job_may_set_what_means_the_same() -> None:
    job = f"{dedent(JOB)}\n    def load(self, df):\n        self.logger = self.environment = 1\n"

    [note] = converted("\n    pass\n", job=job).notes
    assert note.startswith("declare what load() does to its target")


@pytest.mark.parametrize(
    ("load", "declared", "notes"),
    [
        ("df.write.mode('append').parquet(path)", "appends", 0),
        ("df.write.parquet(path)", None, 1),
        ("df.write.mode('overwrite').parquet(path)", None, 0),
    ],
)
def test_what_a_load_does_is_declared_where_the_code_says_it(
    load: str, declared: str | None, notes: int
) -> None:
    job = f"{dedent(JOB)}\n    def load(self, df):\n        {load}\n"

    found = converted("\n    pass\n", job=job)

    assert (found.own_load, len(found.notes)) == (declared, notes)
    assert (f'own_load = "{declared}"' in found.text) == bool(declared)
    assert found.whole_directory == ("overwrite" in load)


@pytest.mark.parametrize(
    "hook",
    [
        "def extract(self, day): ...",
        "def transform(self): ...",
        "def load(self, df, path): ...",
        "def load(self, df, *, path): ...",
        "@staticmethod\n    def transform(a, b): ...",
        "async def extract(self): ...",
    ],
)
def test_a_hook_that_is_called_otherwise_is_refused(hook: str) -> None:
    with pytest.raises(GluecastError, match=r"expected \w+\(self.*in BaseGlueJob .*found .*\("):
        converted(f"\n    {hook}\n")
    with pytest.raises(GluecastError, match=r"expected \w+\(self.*in SalesJob .*found .*\("):
        converted("\n    pass\n", job=f"{dedent(JOB)}\n    {hook}\n")


def test_a_hook_with_more_that_has_defaults_stays() -> None:
    hook = "def load(self, df, path=None, *, mode='append'): write(df)"

    assert converted(f"\n    {hook}\n").kept == ["load"]


def test_class_attributes_that_hide_nothing_stay() -> None:
    text = converted("\n    spark: SparkSession\n    logger = None\n    load = write\n").text

    assert "    spark: SparkSession\n    logger = None\n    load = write\n" in text


def test_private_methods_that_nothing_replaced_has_called_stay() -> None:
    result = converted(
        """
        def _repr_html_(self):
            return "ours"

        @property
        def zone(self):
            return self._zone()

        @zone.setter
        def zone(self, zone):
            pass

        def _zone(self):
            return 1

        def run(self):
            self._zone()
    """,
        accept_losses=True,
    )

    assert result.kept == ["_repr_html_", "zone", "_zone"]


def test_a_method_that_means_something_else_in_the_platforms_class_is_refused() -> None:
    with pytest.raises(
        GluecastError,
        match="that the platform's class does not have, found _described_run, output_uri",
    ):
        converted("""
            def _described_run(self):
                return 1

            def output_uri(self):
                return 2
        """)


def test_what_run_did_around_its_hooks_stays_around_the_platforms_run() -> None:
    result = converted("""
        @traced("run")
        def run(self) -> None:
            \"\"\"Ours.\"\"\"
            started = time.time()
            try:
                self.audit.start()
                with self.tracer.span("hooks"):
                    # Everything.
                    df = self.extract()
                    rows = df.count()
                    result = self.transform(df)
                    if not self.custom_validation(result):
                        raise ValueError("bad data")
                    self.load(result)
                    self.logger.info("loaded", rows=rows)
                self.audit.complete("SUCCESS")
                self._notify("done")
            except Exception as error:
                self.dead_letters.send(str(error))
                raise
            finally:
                self.job.commit()

        def _notify(self, word):
            print(word)
    """)

    assert result.text.endswith(
        dedent('''
        class BaseGlueJob(AdoptedGlueJob):

            @traced("run")
            def run(self) -> None:
                """Ours."""
                started = time.time()
                try:
                    self.audit.start()
                    with self.tracer.span("hooks"):
                        # Everything.
                        super().run()
                    self.audit.complete("SUCCESS")
                    self._notify("done")
                except Exception as error:
                    self.dead_letters.send(str(error))
                    raise
                finally:
                    self.job.commit()

            def _notify(self, word):
                print(word)
    ''')
    )
    assert (result.lost, result.notes, result.kept) == ([], [], ["run", "_notify"])


BETWEEN = {
    "validate": "if not self.check(df): raise ValueError()",
    "audit": "self.audit.extracted(df.count())",
    "a setting": 'self.spark.conf.set("spark.sql.shuffle.partitions", "4")',
    "a statement": 'self.spark.sql("MSCK REPAIR TABLE sales")',
    "an attribute": "self.rows = df.count()",
    "an early end": "if self.extract is None: return",
    "a decision": "if df.count() == 0: self.logger.info('no rows')",
    "a function": "publish(df)",
}


@pytest.mark.parametrize("between", BETWEEN.values(), ids=BETWEEN)
def test_what_run_did_between_its_hooks_is_not_dropped_in_silence(between: str) -> None:
    body = f"""
        def run(self):
            df = self.extract()
            {between}
            self.load(self.transform(df))
    """

    with pytest.raises(
        GluecastError, match=r"run\(\) of BaseGlueJob in src/base_job\.py .*found .* in line \d+"
    ):
        converted(body)
    result = converted(body, accept_losses=True)
    [line] = {each.rpartition(" ")[2] for each in result.lost}
    assert result.text.count("def run") == 0
    assert line == "5"


def test_what_needs_the_rows_of_the_hooks_after_them_is_not_dropped_in_silence() -> None:
    with pytest.raises(GluecastError, match=r"found notify\(\) in line 7"):
        converted("""
            def run(self):
                df = self.extract()
                paths = self.load(df)
                self.logger.info(paths)
                notify(paths)
        """)


def test_a_method_of_another_name_runs_the_platforms_run() -> None:
    result = converted("""
        def execute(self, *more):
            self.load(self.transform(self.extract()))
    """)

    assert result.text.endswith(
        "    def execute(self, *more):\n        super().run()\n\n"
        "    def run(self) -> None:\n        self.execute()\n"
    )


def test_a_run_that_calls_the_method_with_the_hooks_stays() -> None:
    result = converted("""
        def run(self):
            self.setup()
            self.process()

        def process(self):
            self.load(self.extract())
    """)

    assert "def run(self):\n        self.setup()\n        self.process()\n" in result.text
    assert "def process(self):\n        super().run()\n" in result.text


@pytest.mark.parametrize(
    "making",
    [
        'SparkSession.builder.config("spark.sql.extensions", "x").getOrCreate()',
        "self._session()",
        "make_session()",
    ],
)
def test_the_spark_settings_of_a_constructor_stay_on_aws(making: str) -> None:
    result = converted(
        f"""
        def __init__(self, job_name, args):
            self.job_name = job_name
            self.spark = {making}

        def _session(self):
            return SparkSession.builder.config("spark.sql.extensions", "x").getOrCreate()
    """,
        head="""
        def make_session():
            conf = SparkConf()
            conf.set("spark.sql.extensions", "x")
            return conf
    """,
    )

    assert (
        "        super().__init__(job_name, args)\n"
        "        # The session with our settings; a local run has the platform's.\n"
        f'        if self.environment != "local":\n            {making}\n'
    ) in result.text
    assert any("(spark.sql.extensions)" in note for note in result.notes)


def test_a_constructor_that_takes_only_arguments_is_converted() -> None:
    text = converted("""
        def __init__(self, args):
            self.args = args
            self.job_name = args["JOB_NAME"]
            self.env = args.get("ENV", "dev")
            self.bucket = args["TARGET"]
    """).text

    assert (
        '        super().__init__(args["JOB_NAME"], {"env": args.get("ENV", "dev"), **args})\n'
        '        self.env = args.get("ENV", "dev")\n'
        '        self.bucket = args["TARGET"]\n\n'
        "    @classmethod\n"
        "    def of_run(cls, job_name, args):\n"
        '        return cls({"JOB_NAME": job_name, **args})\n'
    ) in text


def test_every_reason_is_given_at_once() -> None:
    job = f"{dedent(JOB)}\n    def load(self, df, path): ...\n\n    def run(self): ...\n"
    with pytest.raises(GluecastError) as refused:
        converted(
            """
            def __init__(self, job_name, args):
                self.args = {**args}
                self.spark, self.context = make()
                if args: self.job_name = 1

            def validate(self, df): ...

            def transform(self): ...

            def load_data(self, table, day): ...

            def run(self):
                audit(self.load(self.extract()))
            """,
            job=job,
        )

    first, *lines = str(refused.value).splitlines()
    assert first.endswith("found 8 obstacles; nothing was changed:")
    for number, (line, part) in enumerate(
        zip(
            lines,
            (
                "found validate; rename them (the platform's run() calls custom_validation()",
                "expected transform(self, df) in BaseGlueJob",
                "expected load(self, df) in SalesJob of src/jobs/sales.py",
                "expected SalesJob of src/jobs/sales.py to leave its run to BaseGlueJob",
                "expected load_data(data_type, fallback_path)",
                "found audit() in line",
                "expected self.spark = ... as a separate statement",
                "expected self.job_name = ... as a separate statement",
            ),
            strict=True,
        ),
        start=1,
    ):
        assert line.startswith(f"  {number}. ")
        assert part in line


@pytest.mark.parametrize(
    "method",
    [
        "def run(self):\n        self.load(self.extract())",
        "def run(self):\n        pass",
        "def process(self):\n        self.load(self.extract())",
    ],
)
def test_a_job_that_runs_its_hooks_itself_is_refused(method: str) -> None:
    with pytest.raises(
        GluecastError, match=r"expected SalesJob .* to leave its run to BaseGlueJob"
    ):
        converted("\n    pass\n", job=f"{dedent(JOB)}\n    {method}\n")


def test_a_job_that_adds_to_the_run_stays() -> None:
    job = f"{dedent(JOB)}\n    def run(self):\n        super().run()\n        notify()\n"

    assert converted("\n    pass\n", job=job).lost == []


def test_a_script_that_calls_the_hooks_of_its_job_is_refused() -> None:
    job = f"{dedent(JOB)}\njob = SalesJob('x', {{}})\njob.load(job.extract())\n"

    with pytest.raises(
        GluecastError, match=r"expected src/jobs/sales\.py to start its job with run\(\), found job"
    ):
        converted("\n    pass\n", job=job)


REPLACING = {
    "createOrReplace": 'df.writeTo("lake.sales").createOrReplace()',
    "replace": 'df.writeTo("lake.sales").replace()',
    "overwritePartitions": 'df.writeTo("lake.sales").overwritePartitions()',
    "insertInto": 'df.write.insertInto("sales", overwrite=True)',
    "insertInto by position": 'df.write.insertInto("sales", True)',
    "saveAsTable": 'df.write.mode("Overwrite").saveAsTable("sales")',
    "save": 'df.write.save("x", mode="overwrite")',
    "jdbc": 'df.write.jdbc(url, "sales", "overwrite")',
    "computed": "df.write.mode(self.mode).parquet(path)",
    "INSERT OVERWRITE": 'self.spark.sql("INSERT OVERWRITE sales SELECT * FROM new")',
    "CREATE OR REPLACE": 'self.spark.sql("CREATE OR REPLACE TABLE sales AS SELECT * FROM new")',
    "truncate": 'cursor.execute("TRUNCATE sales"); df.write.mode("append").jdbc(url, "sales")',
    "delete": 'self.spark.sql("delete  from sales"); df.write.mode("append").save("x")',
    "drop": 'run("DROP TABLE IF EXISTS sales"); df.write.mode("append").save("x")',
    "preactions": 'write(df, {"preactions": "truncate table sales;"})',
    "purge": 'self.glue.purge_s3_path("s3://x"); df.write.mode("append").save("s3://x")',
    "boto3": 'bucket.objects.filter(Prefix="x").delete(); df.write.mode("append").save("s3://x")',
    "client": "s3.delete_object(Bucket=b, Key=k)",
    "rmtree": 'shutil.rmtree("x"); df.write.mode("append").save("x")',
}


@pytest.mark.parametrize("load", REPLACING.values(), ids=REPLACING)
def test_a_job_whose_load_replaces_its_target_never_runs_for_one_file(load: str) -> None:
    job = f"{dedent(JOB)}\n    def load(self, df):\n        {load}\n"

    found = converted("\n    pass\n", job=job)

    assert "    whole_directory = True\n" in found.text
    assert found.own_load is None
    assert found.overwriting == ["src/jobs/sales.py:9"]


@pytest.mark.parametrize("load", ['names.append("append")', 'df.drop("x").write.parquet("y")'])
def test_a_load_that_nothing_says_to_append_must_be_declared(load: str) -> None:
    job = f"{dedent(JOB)}\n    def load(self, df):\n        {load}\n"

    found = converted("\n    pass\n", job=job)

    assert (found.whole_directory, found.own_load) == (False, None)
    assert "declare what load() does to its target" in found.notes[-1]


def test_another_order_of_the_hooks_is_reported() -> None:
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
    base = module("src/base_job.py", f"class BaseGlueJob:\n{CONSTRUCTOR}")
    test = module("tests/test_x.py", "overwrite = 1\n")

    assert not convert(base, PLATFORM, [test]).whole_directory


def test_other_bases_and_keywords_of_the_class_stay() -> None:
    line = "class BaseGlueJob(mixins.Logs, ABC, metaclass=Registry, zone='#eu'):  # noqa: X1"
    base = module("src/base_job.py", f"{line}\n{CONSTRUCTOR}")
    mixin = module("src/mixins.py", "class Logs:\n    def say(self):\n        pass\n")

    result = convert(base, PLATFORM, [mixin])

    line = "class BaseGlueJob(mixins.Logs, AdoptedGlueJob, metaclass=Registry, zone='#eu'):  # noqa: X1"
    assert line in result.text
    assert result.notes == []


def test_a_metaclass_that_may_not_go_with_abc_is_refused() -> None:
    base = module("src/base_job.py", f"class BaseGlueJob(metaclass=Registry):\n{CONSTRUCTOR}")

    with pytest.raises(GluecastError, match=r"expected a metaclass .* found Registry; .*by hand"):
        convert(base, PLATFORM, [])


def test_a_base_that_is_not_in_the_repository_is_reported() -> None:
    base = module("src/base_job.py", f"class BaseGlueJob(lib.Logs):\n{CONSTRUCTOR}")

    [note] = convert(base, PLATFORM, []).notes

    assert "extends lib.Logs" in note


@pytest.mark.parametrize("name", ["__init__", "run", "_described_run"])
def test_a_base_that_has_what_the_platforms_class_has_is_refused(name: str) -> None:
    base = module("src/base_job.py", f"class BaseGlueJob(Old):\n{CONSTRUCTOR}")
    old = module("src/old.py", f"class Older:\n    def {name}(self): ...\nclass Old(Older): ...\n")

    with pytest.raises(GluecastError, match=f"expected no .* in Older, .*found {name}; .*by hand"):
        convert(base, PLATFORM, [old])


def test_line_ends_and_a_byte_order_mark_stay() -> None:
    text = f"import re\n\n\nclass BaseGlueJob:\n    x = re.sub\n{CONSTRUCTOR}".replace("\n", "\r\n")

    converted = convert(Module("src/base_job.py", f"\ufeff{text}"), PLATFORM, []).text

    assert converted.count("\n") == converted.count("\r\n") == 7
    assert converted.startswith("\ufeffimport re\r\n")
    assert converted.count("\ufeff") == 1


ODD = {
    "a walrus": "def f(self):\n        if (n:=len('a'))>1: return n",
    "match": "def f(self, v):\n        match v:\n            case {'a':1,**r}: return r",
    "decorators": "@staticmethod # ours\n\n    @ other( 1 )\n    def f(): ...",
    "semicolons": "def f(self):\n        a=1;b=2 ;\n        return a",
    "a backslash": "def f(self):\n        return 1+\\\n   2",
    "a form feed": "def f(self):\n        return 1\n\f",
    "comments": "def f( self,a ,b=( 1,2 ) ):\n        pass\n  # odd\n# left",
    "other letters": "naïve = 'ü';  # é",
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "\n"])
def test_what_stays_is_as_it_was_byte_for_byte(odd: str, end: str, last: str) -> None:
    head = "# -*- coding: utf-8 -*-\nimport  re\n"
    rest = f"    x = 1  # ours\n\n    {odd}\n    # the end\n\n\nVALUE = 3;  OTHER = [1,\n  2]{last}"
    text = f"{head}\n\nclass BaseGlueJob:\n{CONSTRUCTOR}{rest}".replace("\n", end)

    result = convert(Module("src/base_job.py", text), PLATFORM, []).text

    new = "\nfrom glue_runtime.adopted import AdoptedGlueJob\n\n\nclass BaseGlueJob(AdoptedGlueJob):\n"
    assert result == f"{head}{new}{rest}".replace("\n", end)


def test_line_ends_of_both_kinds_stay() -> None:
    text = f"import re\r\n\r\n\r\nclass BaseGlueJob:\n{CONSTRUCTOR}    x = 1\r\n    y = 2\n"

    result = convert(Module("src/base_job.py", text), PLATFORM, []).text

    assert result.startswith("import re\r\n")
    assert result.endswith("    x = 1\r\n    y = 2\n")


def test_the_lines_of_the_head_stay_with_their_comments() -> None:
    head = "class BaseGlueJob(\n    Logs,  # ours\n    ABC,  # Python's\n):  # noqa: X1\n"
    base = Module("src/base_job.py", f"{head}{CONSTRUCTOR}")

    text = convert(base, PLATFORM, []).text

    assert head.replace("ABC", "AdoptedGlueJob") in text


def test_line_ends_that_would_change_are_refused() -> None:
    text = f"import re\n\n\nclass BaseGlueJob:\n{CONSTRUCTOR}".replace("\n", "\r")

    with pytest.raises(
        GluecastError, match=r"libcst writes unchanged in src/base_job\.py, found .*by hand"
    ):
        convert(Module("src/base_job.py", text), PLATFORM, [])


def test_what_libcst_does_not_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python may be newer than libcst."""

    def parse(text: str) -> cst.Module:
        raise cst.ParserSyntaxError("new syntax", lines=text.splitlines(), raw_line=4, raw_column=0)

    monkeypatch.setattr(cst, "parse_module", parse)

    with pytest.raises(
        GluecastError, match=r"libcst can parse in src/base_job\.py, found .* in line 4; .*by hand"
    ):
        converted("\n    pass\n")


@pytest.mark.parametrize("blank", ["  ", "\t"])
def test_a_class_of_another_indentation_is_converted(blank: str) -> None:
    body = "class BaseGlueJob:\n zone = 1\n\n def __init__(self, job_name, args):\n  self.day = 1\n"
    text = re.sub("^ +", lambda match: blank * len(match[0]), body, flags=re.MULTILINE)
    job = Module("src/jobs/sales.py", "overwrite = 1\n")

    converted = convert(Module("src/base_job.py", text), PLATFORM, [job]).text

    ast.parse(converted)
    assert f"\n{blank * 2}super().__init__(job_name, args)\n{blank * 2}self.day = 1\n" in converted
    assert f"\n{blank}whole_directory = True\n" in converted


def test_statements_that_share_a_line_are_refused() -> None:
    with pytest.raises(GluecastError, match="expected one statement per line, found two in line 3"):
        converted(
            "def __init__(self, job_name, args):\n    self.job_name = job_name; self.day = 1\n"
        )


def test_a_body_beside_its_head_is_refused() -> None:
    with pytest.raises(GluecastError, match="expected the body of __init__ on separate lines"):
        converted("\n    def __init__(self, job_name, args): self.x = 1\n")


def test_imports_stay() -> None:
    head = """
        from __future__ import annotations

        import common.patches  # registers our codecs
        import re, time; VALUE = 3
        from abc import ABC
        from pyspark.sql import functions as F
    """

    text = converted("\n    def run(self):\n        time.time()\n", head=head).text

    assert text.startswith(f"{dedent(head).strip()}\n\nfrom glue_runtime.adopted import")


def test_the_new_import_follows_the_modules_docstring() -> None:
    text = converted("\n    pass\n", head='"""Our base class."""').text

    assert text.startswith('"""Our base class."""\n\nfrom glue_runtime')


@pytest.mark.parametrize(
    "head",
    [
        "#!/usr/bin/env python3\n",
        "#!/usr/bin/env python3\n# -*- coding: utf-8 -*-\n",
        "# coding: utf-8\n",
        "#!/usr/bin/env python3\n# Whose this is.\n# On what terms.\n",
        '#!/usr/bin/env python3\n"""Ours."""\n',
        '"""Ours."""\nfrom __future__ import annotations\n',
        'import os; NAME = """\n"""\n',
    ],
)
def test_the_new_import_follows_what_must_come_first(head: str) -> None:
    text = converted("\n    pass\n", head=head).text

    assert text.startswith(f"{head}\nfrom glue_runtime.adopted import AdoptedGlueJob\n\n")
    compile(text, "base_job.py", "exec")


@pytest.mark.parametrize("above", ["# Of the class.\n", "@registered\n", "LAKE = 1\n\n"])
def test_what_stands_above_the_class_stays_there(above: str) -> None:
    base = Module("src/base_job.py", f"{above}class BaseGlueJob:\n{CONSTRUCTOR}")

    text = convert(base, PLATFORM, []).text

    line = "class BaseGlueJob(AdoptedGlueJob):"
    assert text.startswith(
        f"from glue_runtime.adopted import AdoptedGlueJob\n\n\n{above}{line}\n    pass\n"
    )


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


ALIASES = {
    "import as": "from base_job import BaseGlueJob as Base\nclass A(Base): ...\n",
    "module alias": "import common.base_job as base\nclass A(base.BaseGlueJob): ...\n",
    "relative": "from ..common.base_job import BaseGlueJob as Base\nclass A(Base): ...\n",
    "in a package": "from common import Base\nclass A(Base): ...\n",
    "of a package": "import common\nclass A(common.Base): ...\n",
    "assigned": "from common import base_job\nB = base_job.BaseGlueJob\nclass A(B): ...\n",
    "assigned there": "from common.base_job import Job\nclass A(Job): ...\n",
    "in a try": "try:\n    from common import Base as B\nexcept ImportError: ...\nclass A(B): ...\n",
    "generic": "from common import Base\nclass A(Base[int]): ...\n",
    "by another": "from daily import Daily as D\nclass A(D): ...\n",
}


@pytest.mark.parametrize("job", ALIASES.values(), ids=ALIASES)
def test_jobs_are_found_by_another_name_of_the_base_class(job: str) -> None:
    modules = [
        Module("src/common/__init__.py", "from .base_job import BaseGlueJob as Base\n"),
        Module("src/common/base_job.py", "class BaseGlueJob: ...\nJob = BaseGlueJob\n"),
        Module("src/daily.py", "from common import Base\nclass Daily(Base): ...\n"),
        Module("src/models.py", "from orm import Base\nclass Model(Base): ...\n"),
        Module("src/jobs/a.py", job),
        Module("src/jobs/b.py", "import daily\nclass B(daily.Daily): ...\n"),
    ]

    assert [each.name for each in find_jobs(modules)] == ["a", "b"]


def test_what_is_no_python_code_and_cannot_be_a_job_is_no_matter() -> None:
    old = [module("scripts/old.py", "print 'two'\n"), module("scripts/null.py", "x = '\0'\n")]

    assert find_jobs([module("src/base_job.py", "class BaseGlueJob: ...\n"), *old]) == []


def test_what_is_no_python_code_and_may_be_a_job_is_named() -> None:
    with pytest.raises(GluecastError, match=r"src/old\.py, found .* in line 2"):
        find_base_class([module("src/old.py", "class A(BaseGlueJob): ...\nprint 'two'\n")])
