"""The mobile node's call, and what a handover scheme can do with it: its links, its legs, its end."""
