# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Reading text exactly: bytes become rows by written grammars, and each row carries a verdict.

But for `frames`, nothing here needs a Spark session: an executor gets bytes and an array of Arrow, and gives back Arrow.

grammar     which text is a value of which type, and which value it is; one value at a time
columns     the same for whole columns
csv_lines   CSV whose rows are a line each
csv_file    CSV files whose cells span lines
json_text   JSON, one document a text
json_lines  the same for many lines at once
inference   the narrowest type that all texts of a column fit
verdicts    what is found out about a row
arrays      what all of these do with arrays of texts
frames      all of it on Spark's executors
"""
