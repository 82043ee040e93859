# Owned by you: edit freely; a template update merges into your edits and never discards them.
"""customer_import on its test data, started both ways, through the paths of production."""

from glue_runtime.testing import Lake, run_for, run_scheduled
from jobs.customer_import import CustomerImportJob

JOB = "customer_import"


def test_an_uploaded_file_is_processed_alone(lake: Lake) -> None:
    uploaded = lake.upload_test_data(CustomerImportJob, JOB)[0]

    run = run_for(CustomerImportJob, JOB, uploaded)

    rows = lake.read(run.job.output_uri).collect()
    assert {row.source_object for row in rows} <= {uploaded.uri}
    assert run.event("loaded_event_file")["path"] == uploaded.uri
    assert run.event("data_written")["rows_written"] == len(rows)


def test_the_schedule_processes_every_file(lake: Lake) -> None:
    uploaded = lake.upload_test_data(CustomerImportJob, JOB)

    run = run_scheduled(CustomerImportJob, JOB)

    rows = lake.read(run.job.output_uri).collect()
    assert {row.source_object for row in rows} <= {file.uri for file in uploaded}
    assert run.event("loaded_directory_data")["file_count"] == len(uploaded)
    assert run.event("data_written")["rows_written"] == len(rows) > 0


def test_both_ways_together_leave_the_table_of_one_scheduled_run(lake: Lake) -> None:
    uploaded = lake.upload_test_data(CustomerImportJob, JOB)
    scheduled = run_scheduled(CustomerImportJob, JOB)
    expected = sorted(lake.read(scheduled.job.output_uri).collect(), key=str)

    for file in uploaded:
        run_for(CustomerImportJob, JOB, file)

    assert sorted(lake.read(scheduled.job.output_uri).collect(), key=str) == expected
