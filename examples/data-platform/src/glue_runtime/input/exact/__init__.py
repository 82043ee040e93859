# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Reading text exactly: bytes become rows by written grammars, and each row carries a verdict.

Nothing here needs a Spark session. An executor gets bytes and an array of Arrow, and gives back Arrow.

grammar     which text is a value of which type, and which value it is; one value at a time
columns     the same for whole columns
csv_lines   CSV whose rows are a line each
csv_file    CSV files whose cells span lines
json_text   JSON, one document a text
inference   the narrowest type that all texts of a column fit
verdicts    what is found out about a row
"""
