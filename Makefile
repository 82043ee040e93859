# The tasks are in generator/__main__.py; this only saves typing.
.DEFAULT_GOAL := help
TASKS := demo test test-s3a test-cluster faults bench bench-scale lint format examples docs tags bench-update samples
.PHONY: help $(TASKS)

help:
	@python3 generator help

$(TASKS):
	@python3 generator $@
