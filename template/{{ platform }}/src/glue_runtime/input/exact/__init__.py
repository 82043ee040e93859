# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
"""Parse text exactly: explicit grammars turn bytes into rows, and each row has a verdict.

Except for `frames`, nothing here needs a Spark session: an executor gets and returns Arrow arrays.

grammar       which texts are values of a type, and which values; one value at a time
notations     other notations, where a source declares them: patterns, locales
columns       the same for whole columns
dialect       how cells, lines and characters are written
csv_lines     CSV with one row per line
csv_dialects  the same in other dialects than RFC 4180
csv_file      CSV files that are read whole
json_text     JSON, one document per text
json_lines    the same for many lines at once
inference     the narrowest type for all texts of a column
verdicts      the verdict on each row
arrays        common functions on arrays of texts
packing       gzip, bzip2, zstd, zip
frames        all of it on Spark's executors
"""
