"""The command `tutela`, one file a command; `main` puts them together. Not for work: `pipelines.jobs` does it."""
