"""From numbers to what people read: tables, annotated captures."""
