"""What values of several runs say of all runs that there could be: intervals, order statistics, tests of pairs."""
