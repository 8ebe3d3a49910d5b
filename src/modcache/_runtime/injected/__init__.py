"""What is put into the process of another program: this folder, and nothing else, is on its ``PYTHONPATH``."""
