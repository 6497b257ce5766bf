"""Consent: the gate that every row passes, and what counts as a receipt. Pure; not for storing receipts."""
