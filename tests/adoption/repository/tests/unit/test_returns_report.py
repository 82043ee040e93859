from jobs.returns_report import ReturnsReportJob


def test_returns_are_counted(spark):
    job = ReturnsReportJob("returns_report", {"env": "local"})

    result = job.transform(job.extract())

    assert sorted(map(tuple, result.collect())) == [("chair", 1), ("lamp", 2)]
    assert job.table_path() == "output/returns_report"
