"""The contract of the design, line by line: a test carries the number of its line in its name."""
