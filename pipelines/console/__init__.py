"""The console: pages for stewards, leaders, auditors and engineers, HTML first, in Chinese and English.

A page asks `pipelines.jobs` and shows what it is told; it knows no SQL, no key and no rule. Who may see or do what stands
in each view, as `allow(…)` or `act(…)`; a view without either keeps the application from starting.
"""
