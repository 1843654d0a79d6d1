"""ICE as a full agent, with host candidates: RFC 8445, 8839, and 7675 for consent. No I/O."""
