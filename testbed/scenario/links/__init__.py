"""What happens to links over time: drawn from a script, read from traces, put into steps and shapes."""
