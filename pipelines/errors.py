"""Every error of Tutela: its sentence, its exit code, its HTTP status.

Not for library exceptions: a stage turns those into one of these (``raise … from exc``), so that no library's
exception, and no value from a row, crosses a stage boundary. A message says what happened, to which file, row or
id, and what to do next. It never contains a personal value.
"""

from __future__ import annotations

import errno
import traceback
from pathlib import Path
from typing import ClassVar


def without_values(exc: Exception) -> TutelaError:
    """Turn whatever was raised into an error that may be shown and logged: its kind and place, never its own text.

    A library's text can quote a value of a row. Raise the result ``from None``, so that the text is not logged either.
    """
    if isinstance(exc, TutelaError):
        return exc
    if isinstance(exc, OSError) and exc.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StorageFull()
    places = traceback.extract_tb(exc.__traceback__)
    place = f" at {Path(places[-1].filename).name}:{places[-1].lineno}" if places else ""
    return TutelaError(
        f"Something went wrong inside Tutela ({type(exc).__name__}{place}); the same command can be run again."
    )


class TutelaError(Exception):
    """Something went wrong; run again with --debug for the technical trace."""

    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500

    def __init__(self, message: str | None = None) -> None:
        """Use the class docstring as the sentence when none is given."""
        super().__init__(message or (type(self).__doc__ or "").strip())


# --- 10: what people wrote ---------------------------------------------------------------------------------------


class PolicyError(TutelaError):
    """The policy files hold a mistake; run `tutela plan check`."""

    exit_code = 10
    http_status = 422


class UnknownPlan(PolicyError):
    """There is no such collection plan; `tutela plan list` shows them."""

    http_status = 404


class UnknownReference(TutelaError):
    """There is nothing by this reference."""

    exit_code = 10
    http_status = 404


# --- 11: what arrived --------------------------------------------------------------------------------------------


class SourceError(TutelaError):
    """The file can't be read as the plan says; nothing of it was stored."""

    exit_code = 11
    http_status = 422


class SourceMissing(SourceError):
    """The file does not exist or may not be read."""


class SourceEncoding(SourceError):
    """The file's encoding can't be told."""


class SourceColumns(SourceError):
    """The file's columns are not those of the plan."""


class SourceEmpty(SourceError):
    """The file holds no rows."""


class SourceMalformed(SourceError):
    """A line or cell of the file can't be parsed."""


class SourceTooLarge(SourceError):
    """A cell or file exceeds the limit."""


# --- 12: what may not come in ------------------------------------------------------------------------------------


class DeliveryRefused(TutelaError):
    """The delivery was refused at the gate; nothing of it was stored."""

    exit_code = 12
    http_status = 403


class ManifestMismatch(DeliveryRefused):
    """The delivery does not match its signed manifest."""


class ApprovalMissing(TutelaError):
    """No approval covers this; nothing was done."""

    exit_code = 12
    http_status = 403


class DecisionRefused(TutelaError):
    """This can't be decided so; nothing was changed."""

    exit_code = 12
    http_status = 409

    def __init__(self, message: str | None = None, why: str = "") -> None:
        """Take the sentence, and a code by which the console says it in its own words."""
        super().__init__(message)
        self.why = why


# --- 13 … 15: what must be there ---------------------------------------------------------------------------------


class DatabaseUnavailable(TutelaError):
    """The database does not answer; `tutela status` tells whether it runs. The same command can be run again."""

    exit_code = 13
    http_status = 503


class KeyUnavailable(TutelaError):
    """A key file is missing or damaged; restore it from its keeper. Nothing was changed."""

    exit_code = 14
    http_status = 503


class StorageFull(TutelaError):
    """The disk is full; free some room and run the same command again. Nothing was half-written."""

    exit_code = 15
    http_status = 507


# --- 16 … 19: evidence, home, destruction, platform --------------------------------------------------------------


class EvidenceInvalid(TutelaError):
    """The evidence does not hold."""

    exit_code = 16
    http_status = 409


class FormatUnknown(EvidenceInvalid):
    """The evidence is of a format that this version does not know; verify it with a newer one."""


class NotInitialised(TutelaError):
    """This home folder is not initialised; run `tutela init`."""

    exit_code = 17
    http_status = 503


class DestructionFailed(TutelaError):
    """The destruction could not be verified; nothing is reported as destroyed."""

    exit_code = 18
    http_status = 500


class DestructionUnderWay(DestructionFailed):
    """Another destruction is under way; nothing was done. Run the same command again when it has ended."""

    http_status = 409


class PlatformError(TutelaError):
    """A component of the platform did not start or stop as it should."""

    exit_code = 19
    http_status = 500
