"""Made-up customers for demonstrations, tests and benchmarks; nobody in them exists.

`generate` writes example deliveries with known mistakes in them; `structured` streams clean rows for benchmarks.
"""
