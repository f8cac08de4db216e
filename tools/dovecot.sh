#!/bin/sh
# Mail is tested against a real IMAP server. Installs Debian's package where it is missing.
set -eu
[ -x /usr/sbin/dovecot ] && ls /usr/lib/dovecot/imap >/dev/null 2>&1 || exec sh "$(dirname "$0")/apt.sh" dovecot-imapd
