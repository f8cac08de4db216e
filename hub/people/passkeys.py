"""Passkeys (WebAuthn level 3): making one, signing in with one, showing again that it is still you.

Each ceremony is an offer, whose challenge is answered once and within minutes, and its end. A passkey is discoverable
(nobody types a name), unlocked by its owner (user verification), and bound to this hub's origin by the browser. What
the hub keeps is public: the key, as the authenticator gave it and as policies pin it.
"""

from __future__ import annotations

import base64
import hmac
from typing import Any, Final, cast
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import decode_credential_public_key, decoded_public_key_to_cryptography, options_to_json
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from hub.context import Context
from hub.errors import ConflictError, UnauthenticatedError
from hub.people.offers import OFFER_SECONDS, Ceremony, bytes_of, challenge_for, refused, taken, text_of
from hub.roles import Person
from hub.store import deeds, passkeys, people
from hub.store.deeds import Deed
from hub.store.passkeys import Passkey
from safety_core.assertion import passkey_public
from safety_core.canonical import JsonObject
from safety_core.errors import InputError
from safety_core.model.tool_call import TenantId
from safety_core.wire.reader import parse_json

PASSKEYS: Final = 20
"""Passkeys of one person."""

ALGORITHMS: Final = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
"""What an edge verifies, too (`safety_core.assertion`)."""

UNREADABLE: Final = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, IndexError)
"""What py_webauthn raises for bytes that are none of a browser's: it reads every attestation format, wanted or not."""


async def offer_sign_in(context: Context) -> JsonObject:
    """Return what `navigator.credentials.get` wants, for anybody."""
    return await _offer_assertion(context, Ceremony.SIGN_IN, None, b"", ())


async def offer_confirmation(context: Context, person: Person, session: str) -> JsonObject:
    """Return the same for one person in one session (by hash)."""
    async with context.database.read() as connection:
        known = await passkeys.of_person(connection, person.id)
    return await _offer_assertion(context, Ceremony.CONFIRM, person.id, session.encode(), known)


async def offer_registration(context: Context, person: Person, kept: bytes) -> JsonObject:
    """Return what `navigator.credentials.create` wants. `kept`: what the end is to be bound to."""
    async with context.database.read() as connection:
        known = await passkeys.of_person(connection, person.id)
    if len(known) >= PASSKEYS:
        raise ConflictError("passkey", f"would be one of more than {PASSKEYS}", "remove one first")
    challenge = await challenge_for(context, Ceremony.REGISTER, person.id, kept)
    options = generate_registration_options(
        rp_id=site_of(context),
        rp_name="Safety",
        user_id=bytes.fromhex(person.id),
        user_name=person.name,
        challenge=challenge,
        timeout=OFFER_SECONDS * 1000,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=_named(known),
        supported_pub_key_algs=ALGORITHMS,
    )
    return cast(JsonObject, parse_json(options_to_json(options), "options"))


async def sign_in(context: Context, credential: JsonObject, address: str) -> Person:
    """Return who signed in. Raises UnauthenticatedError; what was refused stands in the deeds."""
    return await _asserted(context, Ceremony.SIGN_IN, credential, address, b"")


async def confirm(context: Context, credential: JsonObject, address: str, person: Person, session: str) -> None:
    """Return if this person, in this session (by hash), has shown that it is still they; see `sign_in`."""
    shown = await _asserted(context, Ceremony.CONFIRM, credential, address, session.encode())
    if shown.id != person.id:
        raise refused("is somebody else's")


async def read_registration(context: Context, credential: JsonObject, name: str) -> tuple[Passkey, bytes]:
    """Return the passkey that a browser made, and what its offer kept; it is stored by the caller.

    Raises:
        UnauthenticatedError: the offer is over, or it was made for something else.
        InputError: the key is none that an edge could verify, or the name is none.
    """
    answered = await taken(context, Ceremony.REGISTER, credential)
    try:
        verified = verify_registration_response(
            credential=_for_library(credential),
            expected_challenge=answered.challenge,
            expected_rp_id=site_of(context),
            expected_origin=context.settings.origin,
            require_user_verification=True,
            supported_pub_key_algs=ALGORITHMS,
        )
        key = decoded_public_key_to_cryptography(decode_credential_public_key(verified.credential_public_key))
        spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except UNREADABLE as error:
        raise refused("was not made as asked") from error
    passkey_public(base64.b64encode(spki).decode())
    made = Passkey(
        credential=text_of(verified.credential_id),
        person=answered.person or "",
        name=passkey_name(name),
        cose=verified.credential_public_key,
        spki=spki,
        sign_count=verified.sign_count,
        created=context.clock(),
    )
    return made, answered.kept


def passkey_name(name: str) -> str:
    """Return what a passkey is called: "Passkey" where its owner says nothing. Raises InputError."""
    called = " ".join(name.split()) or "Passkey"
    if len(called) > 60 or not called.isprintable():
        raise InputError("passkey name", "must be 1 to 60 printable characters")
    return called


def site_of(context: Context) -> str:
    """Return the relying party's id: the host of the console (WebAuthn level 3, 5.1.2)."""
    return urlsplit(context.settings.origin).hostname or ""


async def _offer_assertion(
    context: Context, ceremony: Ceremony, person: str | None, kept: bytes, known: tuple[Passkey, ...]
) -> JsonObject:
    options = generate_authentication_options(
        rp_id=site_of(context),
        challenge=await challenge_for(context, ceremony, person, kept),
        timeout=OFFER_SECONDS * 1000,
        allow_credentials=_named(known),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return cast(JsonObject, parse_json(options_to_json(options), "options"))


async def _asserted(context: Context, ceremony: Ceremony, credential: JsonObject, address: str, bound: bytes) -> Person:
    known: Passkey | None = None
    try:
        answered = await taken(context, ceremony, credential)
        if not hmac.compare_digest(answered.kept, bound):
            raise refused("answers an offer of another session")
        async with context.database.read() as connection:
            known = await passkeys.find(connection, str(credential.get("id")))
            person = None if known is None else await people.find(connection, known.person)
        if known is None or person is None or answered.person not in {None, person.id}:
            raise refused("is none that we know")
        await _note_use(context, known, _verified(context, credential, answered.challenge, known))
    except UnauthenticatedError as error:
        await _note_refusal(context, known, error, address)
        raise
    return person


def _verified(context: Context, credential: JsonObject, challenge: bytes, known: Passkey) -> int:
    """Return the passkey's count of signatures."""
    try:
        verified = verify_authentication_response(
            credential=_for_library(credential),
            expected_challenge=challenge,
            expected_rp_id=site_of(context),
            expected_origin=context.settings.origin,
            credential_public_key=known.cose,
            credential_current_sign_count=0,  # judged by the database, in one step
            require_user_verification=True,
        )
        handle = _for_library(credential)["response"].get("userHandle")
        own = handle is None or bytes_of(handle) == bytes.fromhex(known.person)
    except (*UNREADABLE, InputError) as error:
        raise refused("did not sign as asked") from error
    if not own:
        raise refused("is somebody else's")
    return verified.new_sign_count


async def _note_use(context: Context, known: Passkey, count: int) -> None:
    async with context.database.write() as connection:
        if not await passkeys.note_use(connection, known.credential, count, context.clock()):
            raise refused("may have been copied: it has signed more often elsewhere")


async def _note_refusal(context: Context, known: Passkey | None, error: UnauthenticatedError, address: str) -> None:
    async with context.database.write() as connection:
        owner = None if known is None else await people.find(connection, known.person)
        name = owner.name if owner else ""
        deed = Deed(context.clock(), name, TenantId(""), "sign-in refused", f"passkey {error.reason}", address[:64])
        await deeds.note(connection, deed)


def _for_library(credential: JsonObject) -> dict[str, Any]:
    return cast("dict[str, Any]", credential)


def _named(known: tuple[Passkey, ...]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=bytes_of(passkey.credential)) for passkey in known]
