"""Embedded PostgreSQL and Valkey for development, with their data in one state directory.

The settings of every process import `state`, so this module must not import the servers.
"""
