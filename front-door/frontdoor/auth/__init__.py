"""Checks who sends a request from outside, and whether they may send it: people, API keys, roles,
limits, audit log.
"""
