"""Commands about the files that runs are made from."""
