"""Each trigger by itself, and the decision about what they say: no call, no network, a clock that is a number."""
