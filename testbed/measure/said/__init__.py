"""What was said beside SIP, message by message: for the ladder, and pages."""
