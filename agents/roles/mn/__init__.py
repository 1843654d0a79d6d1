"""The mobile node: a call over two radios, and each handover scheme in a file of its own."""
