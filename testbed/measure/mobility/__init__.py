"""Mobility below the call: what goes round the packets of the call, and the messages that move them."""
