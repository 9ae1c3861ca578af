"""The informed bound on worlds."""
