"""PostgreSQL: the one place that speaks to it. Not for rules, keys or cryptography.

``database`` opens transactions under a role, ``queries`` finds statements by name, ``binary_copy`` moves sets in,
``schema`` makes and migrates the database, the rest is one module a subject.
"""
