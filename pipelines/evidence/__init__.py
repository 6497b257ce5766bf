"""Evidence that does not ask for trust: what happened, in which order, and proof that nobody changed it since.

The map (imports nothing, so that verification runs where only ``cryptography`` is installed)::

    entries       what the ledger may say: kinds, builders (pure)
    guard         what it may not say: anything personal (pure)
    canonical     the one way to write a JSON value as bytes (pure)
    shapes        frozen dataclasses to JSON values and back, strictly (pure)
    merkle        the hash tree of RFC 9162: roots, frontiers, proofs (pure)
    signature     Ed25519 with a purpose, and the names of keys
    checkpoint    signed tree heads, and the anchor file that leaves the administrators' reach
    certificate   the proof of one destruction; ``page`` prints it
    bundle        the file an auditor takes away
    verify        reads that file, or one certificate, and believes nothing that it can compute

    ledger        the same log in PostgreSQL
"""
