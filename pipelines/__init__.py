"""Tutela: customer information, governed over its whole life.

The map (imports go downwards only; import-linter holds this in CI)::

    cli                                     the door for people
    jobs                                    settings + keys + transaction, then one story; DAGs call this too
    ingest | retention                      the composers
    evidence                                Merkle log, checkpoints, certificates, stand-alone verification
    sources | consent | quality | classify | seal | store     the stages, mutually unaware
    policy                                  the reviewed YAML as pydantic models
    records                                 the frozen types between stages
    errors                                  every error: message, exit code, HTTP status

Start reading at :mod:`pipelines.ingest`.
"""
