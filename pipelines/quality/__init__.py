"""Quality: Great Expectations suites, a verdict for every row, scorecards and Data Docs.

Reading order: :mod:`suite` (the YAML) → :mod:`check` (runs it) → :mod:`verdict` (what came out) → :mod:`scorecard`
and :mod:`docs` (how it is shown). :mod:`expectations` holds the checks Great Expectations lacks; any project that
uses Great Expectations may import that package. Not for deciding what becomes of a row: the ingest story does that.

Importing this package costs nothing: Great Expectations is loaded only by the modules that need it.
"""
