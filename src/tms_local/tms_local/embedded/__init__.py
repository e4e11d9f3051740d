"""Embedded PostgreSQL and Valkey for development, with their data in one state directory.

Every process of such a system imports `state`, so this module must not import the servers.
"""
