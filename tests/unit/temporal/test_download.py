"""The SDK's own download; nothing is downloaded here."""

import pytest

from compozy.bridge import open_asyncio_host
from compozy.drivers.temporal.download import download_cli


@pytest.fixture
def downloaded(tmp_path):
    for name, mode in [("temporal-sdk-python-1.1.0", 0o755), ("temporal-sdk-python-1.2.0.part", 0o644)]:
        (tmp_path / name).touch(mode=mode)
    return tmp_path / "temporal-sdk-python-1.1.0"


async def test_what_was_downloaded_before_is_used_again(downloaded):
    async with open_asyncio_host() as host:
        assert await download_cli(host, downloaded.parent) == downloaded
