"""The default engine: a microVM (QEMU, emulated CPU, virtual time) that needs no root and no kernel module."""
