"""What the listener heard: playout, bursts, ratings, speech."""
