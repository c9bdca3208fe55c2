"""Helpers for tests of projects that use Compozy."""
