"""One change, or several together, stored whole and durably or not at all (SQLite).

The outermost `writing` of a thread is a transaction; one inside it is a part that fails by itself. So several
saves cost one visit to the disk, which is most of what a save takes.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from .errors import Problem, StoreError, message


class Transactions(threading.local):
    """The transactions of one store; each thread has its own."""

    def __init__(self, engine: sa.Engine):
        self.engine = engine
        self._own: sa.Connection | None = None
        self._cause: StoreError | None = None

    @property
    def is_open(self) -> bool:
        """Whether this thread sees what is not certain yet, and may come to nothing."""
        return self._own is not None

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection to ask; within `writing` the one that sees what was written there."""
        if self._own is not None:
            yield self._own
        else:
            with self.engine.connect() as connection:
                yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction for a change that is made whole or not at all; within another one, a part of it.

        Nobody else sees anything of it before the end of the outermost, and nothing is certain before.
        Raises StoreError when it could not be stored.
        """
        with self._whole() if self._own is None else self._part(self._own) as connection:
            yield connection

    @contextmanager
    def _whole(self) -> Iterator[sa.Connection]:
        # The write lock is taken before reading, so what was read is still true when it is written.
        with self.engine.connect() as connection:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            except sa.exc.OperationalError:
                raise StoreError(locked()) from None
            self._own, self._cause = connection, None
            try:
                yield connection
                self._refuse_lost(connection)
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                if _stands(connection):
                    connection.exec_driver_sql("ROLLBACK")
                raise
            finally:
                self._own = None

    @contextmanager
    def _part(self, connection: sa.Connection) -> Iterator[sa.Connection]:
        self._refuse_lost(connection)
        # Straight to the driver: these are half of all statements, and cannot fail where the others can.
        driver: Any = connection.connection.driver_connection
        driver.execute("SAVEPOINT part")
        try:
            yield connection
        except BaseException as error:
            if _stands(connection):
                driver.execute("ROLLBACK TO part")
                driver.execute("RELEASE part")
            elif isinstance(error, StoreError):
                self._cause = self._cause or error
            raise
        self._refuse_lost(connection)
        driver.execute("RELEASE part")

    def _refuse_lost(self, connection: sa.Connection) -> None:
        # Without this, what follows would be stored one by one, while what went before is gone.
        if not _stands(connection):
            raise StoreError(self._cause.problems if self._cause else _lost())


def _stands(connection: sa.Connection) -> bool:
    """Whether the transaction is still there: on a full disk SQLite rolls all of it back by itself."""
    driver = connection.connection.driver_connection
    return driver is not None and bool(driver.in_transaction)


def _lost() -> Problem:
    """The transaction came to nothing."""
    return Problem(
        "",
        "not_saved",
        message("This could not be saved, nor what others saved at the same moment."),
        message("Try again; if it happens again, tell the facilitator."),
    )


def locked() -> Problem:
    """Another program writes, and does not stop."""
    return Problem(
        "",
        "store_locked",
        message("The store is being written by another program, and did not become free."),
        message("Close other windows of this workshop, and try again."),
    )
