"""
The command line: one module for a word or a group of words, joined in `realtime.cli`.

Commands ask the server by HTTP like any client (`client`). Modules here import what is
heavy inside their functions, so that `--help` and completion stay quick.
"""
