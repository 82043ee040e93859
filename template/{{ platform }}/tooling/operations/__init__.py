# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Operating a deployed environment: a development tool, which is not shipped to Glue.

    make job-runs          recent runs, and what they cost         runs.py
    make trace             what happened to an uploaded object     trace.py
    make matching-rules    what an upload would start              matching.py
    make rule-invocations  what the rules have started             invocations.py
    make doctor            what is wrong, and how to mend it       doctor.py
    make cost              what runs cost, and would cost          cost.py, prices.toml
    make replay            start runs again                        replay.py

Everything is read from the deployed resources. environment.py knows their names, executions.py what
the machines did; patterns.py, transformer.py, permissions.py and asl_choice.py read rules, targets,
roles and machines as AWS does, keys.py makes keys to try them with; cli.py parses, and tables.py
prints.
"""
