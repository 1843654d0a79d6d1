"""The B2BUA between a mobile node and a correspondent, in a world in memory."""
