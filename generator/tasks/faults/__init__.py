"""Plant faults, one at a time, and see whether a test notices: python3 generator faults."""
