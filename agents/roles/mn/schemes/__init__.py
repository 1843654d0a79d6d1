"""Handover schemes over the same core: each one a file, and a row of the register."""

from agents.roles.mn.schemes.scheme import API_VERSION, Scheme
from agents.roles.mn.schemes.scheme_rows import BASELINE, SCHEMES, Home, SchemeRow, make_scheme

__all__ = ["API_VERSION", "BASELINE", "SCHEMES", "Home", "Scheme", "SchemeRow", "make_scheme"]
