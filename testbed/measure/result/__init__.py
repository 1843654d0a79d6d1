"""What is said of a run, or of a capture: result.json, the chart, the story."""
