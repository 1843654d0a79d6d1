"""Files that users write: recognised, checked without a run, begun from templates."""
