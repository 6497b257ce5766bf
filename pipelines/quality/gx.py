"""The one door to Great Expectations: loads it quietly and makes its context, in memory, once a process.

Great Expectations logs 214 lines when imported under Airflow, redirects Python's warnings, and its error logs quote
the values it failed on. None of that may happen here: its loggers are silenced (failures reach the caller as errors
of :mod:`pipelines.errors`), and the redirection is undone. Since 1.24 the library holds no usage statistics code; the
setting is switched off all the same. Nothing is read from or written to the user's home.

Modules of this package take the library's names from here; only the package ``expectations``, which other projects
may use, imports the library itself.
"""

from __future__ import annotations

import logging
import warnings
from functools import cache
from typing import TYPE_CHECKING

_show = warnings.showwarning
for _name in ("great_expectations", "great_expectations._docs_decorators"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)  # inherited by every logger of the library

# Importing logs and redirects, so these stand below the two lines above.
import great_expectations as gx  # noqa: E402
from great_expectations.core import ExpectationSuite, ExpectationValidationResult  # noqa: E402
from great_expectations.core.batch import Batch  # noqa: E402
from great_expectations.core.expectation_validation_result import (  # noqa: E402
    ExpectationSuiteValidationResultSchema as ValidationResultSchema,
)
from great_expectations.core.run_identifier import RunIdentifier  # noqa: E402
from great_expectations.data_context.types.base import (  # noqa: E402
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.data_context.types.resource_identifiers import (  # noqa: E402
    ExpectationSuiteIdentifier,
    ValidationResultIdentifier,
)
from great_expectations.exceptions import GreatExpectationsError  # noqa: E402
from great_expectations.execution_engine import PandasExecutionEngine  # noqa: E402
from great_expectations.expectations.expectation import ColumnPairMapExpectation, Expectation  # noqa: E402
from great_expectations.expectations.metadata_types import FailureSeverity  # noqa: E402
from great_expectations.validator.validator import Validator  # noqa: E402

if warnings.showwarning is not _show:
    logging.captureWarnings(capture=False)

if TYPE_CHECKING:
    from great_expectations.data_context import EphemeralDataContext

__all__ = [
    "Batch",
    "ColumnPairMapExpectation",
    "Expectation",
    "ExpectationSuite",
    "ExpectationSuiteIdentifier",
    "ExpectationValidationResult",
    "FailureSeverity",
    "GreatExpectationsError",
    "PandasExecutionEngine",
    "RunIdentifier",
    "ValidationResultIdentifier",
    "ValidationResultSchema",
    "Validator",
    "context",
    "fresh_context",
    "gx",
]


def fresh_context(docs_sites: dict[str, object] | None = None) -> EphemeralDataContext:
    """Make a context that lives in memory, shows no progress bars and sends nothing anywhere (3 ms)."""
    config = DataContextConfig(
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False, metric_calculations=False),
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        data_docs_sites=docs_sites or {},
    )
    return gx.get_context(mode="ephemeral", project_config=config)


@cache
def context() -> EphemeralDataContext:
    """Return this process's context; it holds no file, thread or connection, so a forked child may go on using it."""
    return fresh_context()
