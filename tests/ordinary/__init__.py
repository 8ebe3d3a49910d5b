"""Random ordinary programs and edits of them, each edit refreshed and compared with a fresh process.

What ordinary means stands in three text files: ``expressions.txt``, ``definitions.txt`` and ``classes.txt`` are a
grammar of how programs are written, read by `grammar`. `derive` makes definitions from it, `program` modules and
packages of definitions, `edits` what people do to programs, and `cases` a whole case of one number: a program, a row
of edits, what somebody holds meanwhile. `reduce` makes a case that went wrong small enough to read.

``python -m tests.ordinary`` runs as many as you like.
"""
