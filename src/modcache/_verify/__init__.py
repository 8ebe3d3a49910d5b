"""The room that tells the truth: describe a process, compare it with a fresh one, judge what differs.

``describe`` turns modules into a graph of plain data, ``fresh`` makes the same graph in a new process, ``compare``
walks two graphs in step and lists where they differ, ``verification`` says which of it is state kept on purpose.
"""
