# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""An AWS on this machine, for the end-to-end tests: a development tool, no part of a deployment.

    python -m emulated_aws FOLDER       prints its endpoint, serves until its stdin is closed

It is moto's server (every API that Terraform talks to, with its own storage), and between moto's
services the links that moto leaves out:

    server.py       starts moto with the repairs it needs, and stops it
    repairs.py      where moto's answers differ from AWS's and a deployment would notice
    delivery.py     S3 event -> rule -> input transformer -> target, schedule -> target
    glue.py         a Glue run: a process here, over a copy of the emulated buckets

Event patterns, input transformers and permissions are read as operations/ reads them, which tells
an operator what a deployment does. Every link acts on what the API says about the deployed resources
and on nothing else. What is not emulated: IAM for calls made inside a run, time (schedules are fired
by hand, retries do not wait for each other), quotas, and delivery more than once.
"""
