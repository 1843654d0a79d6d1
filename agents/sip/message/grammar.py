"""The pieces that header fields are made of (RFC 3261 25.1): tokens, quoted strings, parameters, lists.

Every function takes text whose folding is already undone and raises `SipParseError` with line 0; the caller who knows
the line puts it in.
"""

from __future__ import annotations

from agents.sip.message.errors import SipParseError

ALPHANUM = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
TOKEN = ALPHANUM + "-.!%*_+`'~"
WORD = TOKEN + '()<>:\\"/[]?{}'
HOST = ALPHANUM + "-._"  # "_" is not in the grammar, but stands in many real host names
_GEN_VALUE = TOKEN + "[]:"  # gen-value = token / host / quoted-string; host brings the brackets of IPv6

#: RFC 3261 20.19: delta-seconds go up to 2**32 - 1.
MAX_SECONDS = 2**32 - 1

Params = tuple[tuple[str, str | None], ...]


def consists_of(text: str, alphabet: str) -> bool:
    """Whether `text` is not empty and has only characters of `alphabet` (strip stops at the first other one)."""
    return bool(text) and not text.strip(alphabet)


def is_token(text: str) -> bool:
    """RFC 3261 25.1, token."""
    return bool(text) and not text.strip(TOKEN)


def split_outside(text: str, separator: str) -> list[str]:
    """Split at a separator that stands neither in a quoted string nor in <>; the parts are stripped."""
    if '"' not in text and "<" not in text:
        return [part.strip() for part in text.split(separator)]
    parts = []
    start = position = 0
    while position < len(text):
        char = text[position]
        if char == '"':
            position = end_of_quoted(text, position)
            continue
        if char == "<":
            position = text.find(">", position)
            if position < 0:
                raise SipParseError(0, "no '>'", text)
        elif char == separator:
            parts.append(text[start:position].strip())
            start = position + 1
        position += 1
    parts.append(text[start:].strip())
    return parts


def end_of_quoted(text: str, start: int) -> int:
    """Index just after the quoted string that opens at `start`."""
    position = start + 1
    while position < len(text):
        char = text[position]
        if char == "\\":
            position += 2
        elif char == '"':
            return position + 1
        else:
            position += 1
    raise SipParseError(0, "unterminated quoted string", text)


def unquote(text: str) -> str:
    """The meaning of a quoted string; anything else comes back as it is."""
    if len(text) < 2 or text[0] != '"':
        return text
    inner = text[1:-1]
    if "\\" not in inner:
        return inner
    result = []
    escaped = False
    for char in inner:
        if escaped or char != "\\":
            result.append(char)
            escaped = False
        else:
            escaped = True
    return "".join(result)


def quote(text: str) -> str:
    """`text` as a quoted string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def parse_params(text: str) -> Params:
    """`;name=value;flag` as pairs in order, values as written (quotes kept), None for a flag."""
    text = text.strip()
    if not text:
        return ()
    if text[0] != ";":
        raise SipParseError(0, "no ';' before parameters", text)
    params: list[tuple[str, str | None]] = []
    for part in split_outside(text[1:], ";"):
        name, equals, value = part.partition("=")
        name = name.strip()
        if not is_token(name):
            raise SipParseError(0, "bad parameter name", text)
        if not equals:
            params.append((name, None))
            continue
        value = value.strip()
        if value[:1] == '"':
            if end_of_quoted(value, 0) != len(value):
                raise SipParseError(0, "text after a quoted string", text)
        elif not consists_of(value, _GEN_VALUE):
            raise SipParseError(0, "bad parameter value", text)
        params.append((name, value))
    return tuple(params)


def param(params: Params, name: str) -> str | None:
    """Value of a parameter, '' for a flag, None when it is not there; names are case-insensitive (7.3.1)."""
    for key, value in params:
        if key.lower() == name:
            return value or ""
    return None


def format_params(params: Params) -> str:
    """`;name=value;flag`."""
    return "".join(f";{name}" if value is None else f";{name}={value}" for name, value in params)


def parse_number(text: str, limit: int, what: str) -> int:
    """1*DIGIT in ASCII up to `limit`; leading zeros are allowed and do not count."""
    digits = text.lstrip("0") or "0"
    if not text or text.strip("0123456789") or len(digits) > 10 or int(digits) > limit:
        raise SipParseError(0, f"bad {what}", text)
    return int(digits)
