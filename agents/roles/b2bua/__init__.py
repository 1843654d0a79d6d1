"""The back-to-back user agent of the home network (paper, sections 4.1 and 4.3)."""
