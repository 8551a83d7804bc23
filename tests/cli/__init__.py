"""The command line: in this process where that is enough, in real ones where it serves."""
