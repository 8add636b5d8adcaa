"""Submissions for the tests, made from the course's own notebooks."""
