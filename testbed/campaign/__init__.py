"""Campaigns: many runs of one question, known by what goes into them, carried out by as many workers as there are."""
