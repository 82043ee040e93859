"""Plant faults one at a time and check that a test fails: python3 generator faults."""
