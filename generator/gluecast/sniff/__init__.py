"""Find the Source that reads a real file exactly.

sample    the bytes of the file, unpacked, and their encoding
tables    the dialect of CSV, and its cells
records   the records of JSON
kinds     the types of columns, and how their values are written
proposal  the result, as it is printed
sniff     all of it
samples   made-up sample files in the dialect of the file
"""
