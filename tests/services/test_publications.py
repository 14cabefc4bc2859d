"""Publications to own channels, and who learns of them."""

from __future__ import annotations

from realtime.config import Settings
from realtime.policy import Policy
from realtime.services.first_start import SYSTEM
from realtime.services.publications import Publications
from realtime.store.opening import Store


async def test_a_channel_is_known_even_if_its_first_publisher_leaves_at_once(store: Store, settings: Settings) -> None:
    publications = Publications(store, settings, Policy(settings.public_channels))

    publications.publish(publications.draft(SYSTEM, "plaza", b"1")).cancel()
    await publications.publish(publications.draft(SYSTEM, "market", b"1"))

    assert publications.known == {"plaza", "market"}
