"""What an inbox makes a browser load: script and style stay small enough for a slow line."""

from __future__ import annotations

import gzip
import re

from tests.web.site import Site

MOST = 80 * 1024
LOADED = re.compile(r'<(?:link rel="stylesheet" href|script src)="([^"]+)"')


def test_script_and_style_of_the_inbox_weigh_at_most_80_kilobytes(site: Site) -> None:
    site.a_case()
    page = site.browser("worker").get("/inbox?view=claimable")
    addresses = [address for address in LOADED.findall(page.text) if "/fonts-" not in address]
    assert {address.rsplit(".", 1)[1] for address in addresses} == {"js", "css"}
    sizes = {}
    for address in addresses:
        answer = site.visitor().client.get(address)
        assert answer.status_code == 200, address
        sizes[address] = len(gzip.compress(answer.get_data(), 6))
    assert sum(sizes.values()) <= MOST, sizes
