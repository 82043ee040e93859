# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Commands for a deployed environment: a development tool that is not shipped to Glue.

    make job-runs          recent runs, and what they cost         runs.py
    make trace             what happened to an uploaded object     trace.py
    make matching-rules    what an upload would start              matching.py
    make rule-invocations  what the rules have started             invocations.py
    make doctor            faults, and how to fix them             doctor.py
    make cost              what runs cost, or would cost           cost.py, prices.toml
    make replay            start runs again                        replay.py
    make smoke             try it with files of its own            smoke.py, probe.py

All commands read the deployed resources. environment.py has their names, and executions.py reads
the executions of machines. patterns.py, transformer.py, permissions.py and asl_choice.py evaluate
rules, targets, roles and machines like AWS, and keys.py generates keys to test them. cli.py parses
arguments and tables.py prints results.
"""
