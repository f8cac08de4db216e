"""Names of hosts that carry data, and names of services, which do not."""

from __future__ import annotations

import base64

import pytest

from safety_core.match.host_labels import carries_data

SAID = b"order 66, now"
RANDOM = "q7x2m9k4w8z1v5t3r6y0"


@pytest.mark.parametrize(
    ("host", "why"),
    [
        (f"{SAID.hex()}.a.example", "encoded text"),
        (f"{SAID[:7].hex()}.{SAID[7:].hex()}.a.example", "encoded text"),
        (f"{base64.b32encode(SAID).decode().rstrip('=').lower()}.a.example", "encoded text"),
        (f"{base64.urlsafe_b64encode(SAID).decode().rstrip('=')}.a.example", "encoded text"),
        (f"{RANDOM}.a.example", "looks drawn by chance"),
        ("q7x2m9k4.w8z1v5t3.r6y0b2n8.c.example", "look drawn by chance"),
        (
            f"{base64.urlsafe_b64encode(SAID[:6]).decode()}.{base64.urlsafe_b64encode(SAID[6:12]).decode()}.a.example",
            "encoded text",
        ),
        ("tea-" * 13 + "tea.a.example", "longer than names are"),
        (".".join(["bread-and-tea-and-jam-and-more"] * 4) + ".a.example", "longer than names are"),
        (".".join("abcdefghi") + ".a.example", "9 labels"),
    ],
)
def test_labels_that_carry_data(host: str, why: str) -> None:
    assert why in carries_data(host)


@pytest.mark.parametrize(
    "host",
    [
        "a.example",
        "www.shop.example",
        "Documents.Shop.example",
        "documents.shop.example",
        "files.eu-central-1.storage.example",
        "k8s-default-front-0a1b2c3d4e-1234567890.eu-central-1.balancer.example",
        "ec2-10-20-30-40.machines.example",
        "feature-login-page-of-the-new-shop.previews.example",
        "1234567890123456.stock.example",
        "4f3a2b1c9d.parts.shop.example",
        "mfzwiztb.shop.example",
        "f" * 24 + ".shop.example",
        "abcdefgh9.shop.example",
        "QzQ1Z9_8x.shop.example",
        "Ab123456-.shop.example",
    ],
)
def test_names_of_services(host: str) -> None:
    assert carries_data(host) == ""
