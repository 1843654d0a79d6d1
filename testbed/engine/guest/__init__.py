"""What guests of either kind are made of: packages, our code; and the programs that make them."""
