"""When a request is sent again, and after how long."""

from __future__ import annotations

import logging

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_random_exponential

from net.errors import ProviderUnavailable
from net.limits import Limits

_log = logging.getLogger(__name__)


def retrying(limits: Limits) -> AsyncRetrying:
    """Calls again while ProviderUnavailable is raised, `limits.tries` calls in all, then lets it out.

    The wait is what the provider asked for plus full jitter, so that those it sent away together do not
    come back together. A provider that asks for more than `max_retry_after_seconds` is not called again.
    """
    jitter = wait_random_exponential(multiplier=limits.first_backoff_seconds, max=limits.max_backoff_seconds)

    def is_worth_it(failure: BaseException) -> bool:
        if not isinstance(failure, ProviderUnavailable):
            return False
        return (failure.retry_after or 0) <= limits.max_retry_after_seconds

    def wait(state: RetryCallState) -> float:
        failure = _failure(state)
        asked = failure.retry_after if isinstance(failure, ProviderUnavailable) else None
        return (asked or 0) + jitter(state)

    return AsyncRetrying(
        stop=stop_after_attempt(limits.tries),
        wait=wait,
        retry=retry_if_exception(is_worth_it),
        before_sleep=_log_retry,
        reraise=True,
    )


def _failure(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _log_retry(state: RetryCallState) -> None:
    _log.info("try %d failed, trying again: %s", state.attempt_number, _failure(state))
