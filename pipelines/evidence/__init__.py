"""Evidence that does not ask for trust: what happened, in which order, and proof that nobody changed it since.

The map (imports nothing, so that verification runs where only ``cryptography`` is installed)::

    entries       what the ledger may say: a builder for each kind of ``entry`` (pure)
    guard         what it may not say: anything personal (pure)
    canonical     the one way to write a JSON value as bytes (pure)
    shapes        frozen dataclasses to JSON values and back, strictly (pure)
    merkle        the hash tree of RFC 9162: roots, frontiers, proofs (pure)
    signature     Ed25519 with a purpose, and the names of keys
    checkpoint    signed tree heads, and the file that they are laid down in
    certificate   the proof of one destruction: its ``case``, its ``verdict`` (pure), its place in the ledger
    bundle        the file an auditor takes away
    verify        reads that file, or one certificate, and believes nothing that it can compute
    outside       where checkpoints were laid down: ``anchors``, ``timestamps`` of RFC 3161, ``git_anchor``

    ledger        the same log in PostgreSQL
    journal       the same log in a file beside it
    page          a certificate for people to read and sign; ``pdf`` prints it
"""
