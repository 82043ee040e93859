from jobs.customer_import import CustomerImportJob


def test_a_customer_is_there_once(spark):
    job = CustomerImportJob("customer_import", {"env": "local"})

    result = job.transform(job.extract())

    assert sorted(map(tuple, result.collect())) == [(1, "Ada"), (2, "Grace")]
