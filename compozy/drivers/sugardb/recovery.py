"""What the files of a folder say, read when it is opened; blocks, and belongs on a worker thread.

Recovery begins with the newest snapshot (without any, with nothing, at generation 1) and carries out the logs from
there on, in order. Each log but the last ends with a seal. There are two kinds of damage:

- The last log ends within a record: the process or the machine died while writing it. Nobody was told that
  it is kept, or everybody that it may not be. It is cut off, and the caller says so.
- Anything else: files were lost, or what was written is not what is read. Going on would give wrong answers, so it is
  refused, with the place and the ways out; nothing is changed on disk.
"""

import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, Final

import attrs

from compozy.domain.errors import InvalidError, Problem
from compozy.drivers.sugardb.effects import Effect
from compozy.drivers.sugardb.encoding import Epoch, Seal, decode
from compozy.drivers.sugardb.files import Folder
from compozy.drivers.sugardb.log_file import LogFile
from compozy.drivers.sugardb.records import HEADER_BYTES, LOG, SNAPSHOT, Header, Reader, has_record_after

_BETWEEN_CHECKS: Final = 1000


@attrs.frozen
class Recovered:
    """What was found.

    Attributes:
        file: The log to go on with.
        base: The generation that it began with.
        epoch: The greatest that was found; 0 for a new folder.
        snapshot_bytes: How large the snapshot is; 0 without one.
        torn_bytes: How many were cut off the end of the log.
    """

    file: LogFile
    base: int
    epoch: int = 0
    snapshot_bytes: int = 0
    torn_bytes: int = 0


@attrs.frozen
class _End:
    """Where the readable part of a file ends.

    Attributes:
        position: That many bytes are good.
        records: They are that many records.
        size: The file has that many bytes.
        is_sealed: The last record is the seal.
    """

    position: int
    records: int
    size: int
    is_sealed: bool


@attrs.define
class Recovery:
    """Reads one folder, once.

    Args:
        folder: Its files.
        load: Carries out an effect.
        ahead: By how many seconds the wall clock is ahead of the clock of deadlines.
        check: Called now and then; may raise to end it.
    """

    _folder: Folder
    _load: Callable[[Effect], None]
    _ahead: float
    _check: Callable[[], None] = lambda: None
    _epoch: int = 0
    _records: int = 0

    def run(self) -> Recovered:
        """Carry out all that is kept.

        Raises:
            InvalidError: A file is missing or damaged; nothing was changed on disk.
            OSError: A file cannot be read.
        """
        snapshots, logs = self._folder.snapshots(), self._folder.logs()
        if not snapshots and not logs:
            return self._begin()
        base = snapshots[-1] if snapshots else 1
        logs = [generation for generation in logs if generation >= base]
        self._require_all(base, logs)
        snapshot_bytes = self._read_snapshot(base) if snapshots else 0
        recovered = self._read_logs(base, logs, snapshot_bytes)
        self._folder.discard_unfinished()
        return recovered

    def _begin(self) -> Recovered:
        file = LogFile.create(self._folder.log(1), Header(LOG, 1, secrets.randbits(32)))
        self._folder.sync()
        return Recovered(file, base=1)

    def _require_all(self, base: int, logs: Sequence[int]) -> None:
        expected = range(base, max([base, *logs]) + 1)
        for generation in expected:
            if generation not in logs:
                raise _missing(self._folder.log(generation))

    def _read_snapshot(self, generation: int) -> int:
        path = self._folder.snapshot(generation)
        hint = "put it back from a copy"
        if self._has_way_around(generation):
            hint += "; or move it away: the generation before leads to the same state"
        with path.open("rb") as file:
            header = _header(file, SNAPSHOT, generation)
            if header is None:
                raise _damaged(path, 0, hint)
            end = self._read_records(file, path, header, hint)
        if not end.is_sealed:
            raise _damaged(path, end.position, hint)
        return end.size

    def _has_way_around(self, generation: int) -> bool:
        """Tell whether everything from an older generation up to this one is still there."""
        older = [other for other in self._folder.snapshots() if other < generation]
        return set(range(older[-1] if older else 1, generation)) <= set(self._folder.logs())

    def _read_logs(self, base: int, logs: Sequence[int], snapshot_bytes: int) -> Recovered:
        for generation in logs:
            path = self._folder.log(generation)
            later = [other for other in logs if other > generation]
            with path.open("rb") as file:
                header = _header(file, LOG, generation)
                if header is None:
                    return self._begin_again(path, [self._folder.log(other) for other in later])
                end = self._read_records(file, path, header, _cut_hint(path))
            if end.is_sealed:
                continue
            self._require_last(path, end, header, [self._folder.log(other) for other in later])
            log = LogFile.reopen(path, header, size=end.position, records=end.records)
            return Recovered(log, base, self._epoch, snapshot_bytes, end.size - end.position)
        raise _missing(self._folder.log(logs[-1] + 1))

    def _begin_again(self, path: Path, later: Sequence[Path]) -> Recovered:
        """Go on after a log that was not even created, which only the very first can be."""
        size = path.stat().st_size
        if path != self._folder.log(1) or size >= HEADER_BYTES or any(map(_has_records, later)):
            raise _damaged(path, 0, _cut_hint(path))
        for file in (*later, path):
            file.unlink()
        return attrs.evolve(self._begin(), torn_bytes=size)

    def _require_last(self, path: Path, end: _End, header: Header, later: Sequence[Path]) -> None:
        """Refuse a log without seal, unless it is the last that anything was written to."""
        if any(map(_has_records, later)):
            raise _damaged(path, end.position, _cut_hint(path))
        if end.position < end.size and has_record_after(path, end.position, header.salt):
            raise _damaged(path, end.position, _cut_hint(path, end))
        for other in reversed(later):
            other.unlink()

    def _read_records(self, file: BinaryIO, path: Path, header: Header, hint: str) -> _End:
        """Carry out the records up to the seal, or to the first that cannot be read."""
        reader = Reader(file, header.salt)
        size = path.stat().st_size
        is_sealed = False
        while (start := reader.position) < size and (payload := reader.read()) is not None:
            if is_sealed:
                raise _damaged(path, start, hint)
            try:
                is_sealed = self._carry_out(payload, reader.records)
            except (ValueError, LookupError, TypeError, AttributeError) as error:
                raise _damaged(path, start, hint) from error
        if is_sealed and reader.position < size:
            raise _damaged(path, reader.position, hint)
        return _End(reader.position, reader.records, size, is_sealed)

    def _carry_out(self, payload: bytes, number: int) -> bool:
        """Carry out one record; return whether it is the seal."""
        self._records += 1
        if self._records % _BETWEEN_CHECKS == 0:
            self._check()
        for entry in decode(payload, self._ahead):
            if isinstance(entry, Seal):
                if entry.records != number - 1:
                    raise ValueError(f"a seal for {entry.records} records after {number - 1}")
                return True
            if isinstance(entry, Epoch):
                self._epoch = max(self._epoch, entry.number)
            else:
                self._load(entry)
        return False


def _has_records(path: Path) -> bool:
    return path.stat().st_size > HEADER_BYTES


def _header(file: BinaryIO, kind: bytes, generation: int) -> Header | None:
    header = Header.from_bytes(file.read(HEADER_BYTES))
    return header if header is not None and (header.kind, header.generation) == (kind, generation) else None


def _damaged(path: Path, position: int, hint: str) -> InvalidError:
    message = f"the cache's file is damaged at byte {position}; nothing was changed"
    return InvalidError(Problem(message=message, file=str(path), hint=hint))


def _missing(path: Path) -> InvalidError:
    message = "the cache's file is missing; what it says would be lost"
    hint = "put it back from a copy, or begin anew by moving all files of the cache away"
    return InvalidError(Problem(message=message, file=str(path), hint=hint))


def _cut_hint(path: Path, end: _End | None = None) -> str:
    hint = "put it back from a copy"
    if end is not None:
        lost = end.size - end.position
        hint += f"; or, to give up the {lost} bytes from there on, cut it: truncate --size={end.position} {path}"
    return hint
