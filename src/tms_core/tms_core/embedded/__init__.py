"""PostgreSQL and Valkey for development: found, set up and run under one state directory.

`state` is imported by the settings of every process, so nothing here pulls in more than the standard library.
"""
