"""What shows several runs: tables, means with their intervals, the page, exports."""
