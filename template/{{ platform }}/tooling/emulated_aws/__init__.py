# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""An emulated AWS for the end-to-end tests: a development tool, not part of a deployment.

    python -m emulated_aws FOLDER       prints its endpoint, serves until its stdin is closed

It is moto's server (every API that Terraform calls, with its own storage), and the links between
services that moto leaves out:

    server.py       starts moto with the repairs it needs, and stops it
    repairs.py      corrects moto where its responses differ from AWS's in ways that matter here
    delivery.py     S3 event -> rule -> input transformer -> target, schedule -> target; and a rule
                    that sends events on to the bus of another region or account
    pipes.py        queue -> pipe -> state machine, many messages at a time
    glue.py         a Glue run: a process here, over the emulated S3
    rights.py       refuses what the role of a run does not allow it

The emulation evaluates event patterns, input transformers and permissions with the code of
operations/. Every link acts only on what the API returns for the deployed resources. Not emulated
are time (tests fire schedules, and a pipe waits for two seconds at most), quotas, and repeated
delivery.
"""
