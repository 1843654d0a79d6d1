"""What a role does with RTP: a call over any number of legs, their SSRCs, their reports."""
