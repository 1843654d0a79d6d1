"""What is made for SIPp: its tone, its script."""

from __future__ import annotations
