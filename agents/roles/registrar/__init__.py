"""The registrar: keeps which contacts an address-of-record is bound to."""
