"""A guest whose time is the host's, as anybody's virtual machine with Linux: where the native engine is tried."""
