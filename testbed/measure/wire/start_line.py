"""What a SIP message begins with (RFC 3261, 7.1, 7.2)."""

from __future__ import annotations

import re

START_LINE = re.compile(rb"[A-Z][A-Z0-9.!%*_+`'~-]{1,31} \S{1,512} SIP/2\.0\r\n|SIP/2\.0 [1-6]\d\d [^\r\n]{0,512}\r\n")
"""Of a request or a response."""
LONGEST_START_LINE = 600

BEGINNING = re.compile(rb"[A-Z][A-Z0-9.!%*_+`'~-]{1,31} (?:sips?|tel|urn):|SIP/2\.0 [1-6]\d\d ")
"""The same of a message that may be cut within it."""
