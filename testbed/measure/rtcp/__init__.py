"""RTCP of a capture: what each end says that it heard, and reports of streams that nobody captured (RFC 3550 6)."""
