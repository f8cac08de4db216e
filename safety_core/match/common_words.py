"""Words and names that stand in every text, curated by hand: who registers one as a secret garbles what people read."""

from __future__ import annotations

from typing import Final


def _listed(text: str, mark: str | None = None) -> frozenset[str]:
    return frozenset(text.split(mark))


LITTLE: Final = _listed(
    "a about after again all also an and any are as at auf aus be been before bei but by can could das dass dem den "
    "der des die do does ein eine einem einen er es for from für get had has have he her how i ich if im in into is "
    "ist it its kein keine let like man me mein mit more most my nach nicht no nor not now oder of off on only or our "
    "out over own pro put run same see set she sie sind so some such than that the their them then there these they "
    "this to too und uns up use via vom von vor war was we were what when where which while who why wie will wir with "
    "without you your zu zum zur über"
)
"""The words that hold sentences together, English and German."""

TRADE: Final = _listed(
    "abmeldung abo access account action active address admin adresse agent allow alpha amount anfrage anmeldung "
    "antwort apache api app application array artikel async auftrag ausgabe auth author authorization aws azure "
    "backend backup bar base batch baz bearer benutzer benutzername bericht bestellung beta bild billing bin binary "
    "body bool boolean branch browser bucket build bundle button büro cache call cart category chat check class "
    "client cloud code column command commit common company config configuration connection const container content "
    "context cookie copy count credential credentials customer daemon data database date datei daten datenbank db "
    "debug default delete demo deny deploy deployment dev developer development device digest dir disabled disk "
    "docker document dokument domain draft driver drucker dummy edge eingabe email enabled endpoint engine entry env "
    "environment ergebnis error etc event example export extension false feature fehler field file filter firma flag "
    "folder foo format frontend function gateway geheim gerät git github gitlab google grant group gruppe größe guest "
    "handler hash header hello home host html http https hub id image import index info inhalt init inject input "
    "instance integer internal invalid invoice issue item java javascript job json kennwort key keys konto kubernetes "
    "kunde kunden label laden lager latest length level lib library license lieferung limit linux list liste live "
    "load local localhost log login logo logout loop mail main manager map master match media meldung memory message "
    "method microsoft middleware migration mode model module monitor mysql nachricht name namespace network new next "
    "nginx node none normal notify null number nummer nutzer oauth object offline online open option order ordner "
    "output owner package page param parser pass passphrase password passwort path payload payment pending permission "
    "phone pipeline plugin policy pool port postgres postgresql prefix preis preview price print private process prod "
    "product production produkt profile project prompt property protocol provider proxy public publish python query "
    "queue random rate read ready rechnung record redis refresh region registry release remote render report request "
    "required reset resource response restart result retry review role root route rsa rule runtime safety sample "
    "sandbox save scan schema schluessel schlüssel scope script search secret secrets section seite select send "
    "sentry server service session setting settings setup shop sign site size slack smtp socket source sprache spring "
    "sql srv ssh ssl stack stadt stage staging start state static status stop storage store straße stream string "
    "stripe style submit success suche support switch system tabelle table tag target task telefon telegram temp "
    "template tenant termin terraform test testing text theme thread time timeout title tls tmp token tool total "
    "trace track transaction trigger true type ubuntu umgebung undefined unit unknown update upload url user username "
    "usr utf value var variable vault vendor verkauf version vertrag verwaltung view volume wallet warenkorb web "
    "webhook website welcome werkzeug widget width willkommen window windows worker workflow workspace world write "
    "xml yaml zahlung zeile zone zugang"
)
"""The words of this trade and of shops, English and German, with those that trigrams of letters do not know."""

KNOWN_VALUES: Final = _listed(
    "hunter2 letmein iloveyou sunshine passw0rd p@ssw0rd s3cr3t s3cret dragon monkey trustno1 deadbeef cafebabe "
    "0xdeadbeef deadc0de feedface 1q2w3e4r 1q2w3e4r5t 1qaz2wsx zaq12wsx q1w2e3r4 qazwsx lorem ipsum foobar foobarbaz "
    "correcthorsebatterystaple abc123 a1b2c3d4 todo fixme redacted masked "
    "123e4567-e89b-12d3-a456-426614174000 550e8400-e29b-41d4-a716-446655440000 "
    "da39a3ee5e6b4b0d3255bfef95601890afd80709 d41d8cd98f00b204e9800998ecf8427e "
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)
"""What documentation and tests everywhere take for a value; also the digests of nothing."""

SHOWN: Final = _listed(
    "admin changeme demo dummy example geheim guest kennwort login password passwort root sample secret test user "
    "welcome"
)
"""Words that make a value a well-known one, whatever digits and marks follow."""

HEADERS: Final = _listed(
    "accept accept-charset accept-encoding accept-language accept-ranges access-control-allow-credentials "
    "access-control-allow-headers access-control-allow-methods access-control-allow-origin access-control-max-age age "
    "allow alt-svc anthropic-beta anthropic-version api-key authorization cache-control cf-ray connection "
    "content-disposition content-encoding content-language content-length content-location content-range "
    "content-security-policy content-type cookie cross-origin-opener-policy date dnt etag expect expires forwarded "
    "from host idempotency-key if-match if-modified-since if-none-match keep-alive last-event-id last-modified link "
    "location openai-beta openai-organization openai-project openai-version origin permissions-policy pragma "
    "proxy-authenticate proxy-authorization range referer referrer-policy retry-after sec-ch-ua sec-fetch-dest "
    "sec-fetch-mode sec-fetch-site server set-cookie strict-transport-security te traceparent tracestate trailer "
    "transfer-encoding upgrade user-agent vary via www-authenticate x-api-key x-auth-token x-content-type-options "
    "x-correlation-id x-csrf-token x-forwarded-for x-forwarded-host x-forwarded-proto x-frame-options x-goog-api-key "
    "x-real-ip x-request-id x-requested-with x-xsrf-token"
)

HEADER_VALUES: Final = _listed(
    "bearer|basic|digest|negotiate|no-cache|no-store|must-revalidate|keep-alive|chunked|identity|deflate|gzip|"
    "gzip, deflate|gzip, deflate, br|gzip, deflate, br, zstd|xmlhttprequest|same-origin|cross-site|same-site|"
    "no-referrer|strict-origin|nosniff|sameorigin|websocket|upgrade-insecure-requests|utf-8|utf-16|iso-8859-1|"
    "us-ascii",
    mark="|",
)

ENDINGS: Final = _listed(
    "ai app arpa at au be biz br ca ch cloud cn co com de dev dk edu es eu example fi fr gov home in info internal "
    "invalid io it jp lan local localhost me net nl no online org pl se shop site store tech test tv uk us xyz"
)
"""Last labels of host names."""

SUFFIXES: Final = _listed(
    "bat bin c cfg cnf conf cpp crt css csv db doc docx env exe gif go gz h html ico ini ipynb jar java jpeg jpg js "
    "json jsonl key kt lock log md pdf pem php png ps1 py rb rs sh sql sqlite svg tar tf toml ts tsx txt vue xls xlsx "
    "xml yaml yml zip"
)
"""Of file names."""
