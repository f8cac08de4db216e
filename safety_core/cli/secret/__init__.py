"""`safety secret`: what the vault holds, and on what terms. A value comes from standard input, a hidden prompt or a
file, never as an argument; out comes none, but for a canary's, which is made up, and into a one-time file.

command     the group
values      set, rotate, versions, rollback, list, remove
rules       allow, expire: who may use a secret, and until when
uses        log: who was given it for what
canary      a made-up secret that rings;  canary_value: made in the shape of a product's keys
rekey       other keys for the vault
handing     file: one read of a value for a program that wants a path
importing   import: from files of other programs
entries     what a file says: what may be kept, what is left out, what is refused;  env and flat JSON
docker      a folder of Docker secrets
bitwarden   Bitwarden's export, JSON and CSV
onepassword 1Password's export, 1pux and CSV
hashicorp   what `vault kv get -format=json` writes, and nested trees of JSON
duration    "90d", "12h", "never"
opening     opening the vault
"""

from safety_core.cli.secret.command import secret

__all__ = ["secret"]
