"""The tables of many runs, column by column."""
