"""The fast engine: one fixed numba kernel, and each net's expressions lowered to machine code."""
