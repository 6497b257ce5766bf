"""Retention: what is due, its destruction, the independent verification, the certificate.

`approval` the leader's standing approval · `manifest` what is due, fixed and hashed · `rotate` keys · `destroy` the
state machine, THE STORY of destruction · `verify` another connection, another code path · `certify` the proof.
"""
