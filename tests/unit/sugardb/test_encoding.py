"""What is written is what is read."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compozy.drivers.sugardb.effects import NEVER, Append, Expire, Put, PutFields, Remove, RemoveFields, Trim
from compozy.drivers.sugardb.encoding import Epoch, Seal, decode, encode
from compozy.drivers.sugardb.records import HEADER_BYTES, LOG, Header, Reader, framed

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
TEXTS = st.lists(TEXT, max_size=12)
FIELDS = st.dictionaries(TEXT, TEXT, max_size=12)
DEADLINE = st.just(NEVER) | st.integers(0, 2**31).map(float)
ENTRY = st.one_of(
    st.builds(Put, TEXT, TEXT | TEXTS | FIELDS, DEADLINE),
    st.builds(Append, TEXT, TEXTS),
    st.builds(Trim, TEXT, st.integers(0, 2**40), st.integers(0, 2**40)),
    st.builds(PutFields, TEXT, FIELDS),
    st.builds(RemoveFields, TEXT, TEXTS),
    st.builds(Expire, TEXT, DEADLINE),
    st.builds(Remove, TEXT),
    st.builds(Epoch, st.integers(0, 2**60)),
    st.builds(Seal, st.integers(0, 2**60)),
)


@pytest.mark.slow
@given(st.lists(ENTRY), st.integers(-(2**20), 2**20))
def test_entries_come_back_as_they_were_with_deadlines_on_the_other_clock(entries, ahead):
    payload = b"".join(encode(entry, ahead) for entry in entries)

    assert list(decode(payload, ahead)) == entries


@pytest.mark.slow
@given(st.lists(ENTRY, max_size=3), ENTRY, st.floats(0, 1, exclude_max=True, exclude_min=True))
def test_entries_that_are_cut_off_are_an_error(entries, last, part):
    whole = b"".join(encode(entry, 0) for entry in entries)
    torn = encode(last, 0)[: max(1, int(len(encode(last, 0)) * part))]

    with pytest.raises(ValueError, match="entry"):
        list(decode(whole + torn, 0))


def test_entry_of_a_later_version_is_an_error():
    with pytest.raises(ValueError, match="unknown entry"):
        list(decode(b"\xff" + encode(Remove("key"), 0)[1:], 0))


@given(st.binary(max_size=60), st.integers(0, 2**32 - 1))
def test_bytes_that_are_no_file_are_no_record(data, salt):
    reader = Reader(io.BytesIO(data), salt, position=0)

    assert reader.read() is None


@pytest.mark.slow
@given(st.lists(st.binary(max_size=20)), st.integers(0, 2**32 - 1))
def test_records_come_back_in_order(payloads, salt):
    header = Header(LOG, 7, salt)
    data = header.to_bytes() + b"".join(framed(payload, salt) for payload in payloads)
    reader = Reader(io.BytesIO(data), salt)

    assert Header.from_bytes(data[:HEADER_BYTES]) == header
    assert [reader.read() for _ in payloads] == payloads
    assert reader.read() is None
    assert reader.position == len(data)
