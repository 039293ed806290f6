# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A smarthost as files of Postfix: main.cf, master.cf, and the tables that they name.

Parameters: https://www.postfix.org/postconf.5.html. The instance shares nothing with the machine's own Postfix but its
programs: configuration, queue and data have folders of their own.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import Security
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import quoted
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.fields import Endpoint, Network
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.smarthost import Smarthost
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.specification import RelayError

HEAD: t.Final = "# Written by mailfleet.client.smtp_relay, which overwrites it.\n"
_PARAMETER: t.Final = re.compile(r"[A-Za-z0-9_]{1,80}")
#: No dollar: it would begin the name of another parameter.
_VALUE: t.Final = re.compile(r"(?:[!-#%-~](?:[ -#%-~]*[!-#%-~])?)?")
_OLD_TLS: t.Final = "!SSLv2, !SSLv3, !TLSv1, !TLSv1.1"
_KIB: t.Final = 1024

#: What does not depend on what is wanted.
_ALWAYS: t.Final[Mapping[str, str]] = {
    "syslog_name": "mailfleet-smtp-relay",
    # Names of before may come again; long ones never do, so a line of the log means one message.
    "enable_long_queue_ids": "yes",
    "inet_interfaces": "all",
    "inet_protocols": "all",
    # Nothing is delivered here.
    "mydestination": "",
    "relay_domains": "",
    "virtual_alias_domains": "",
    "virtual_mailbox_domains": "",
    "local_recipient_maps": "",
    "alias_maps": "",
    "alias_database": "",
    "local_transport": "error:5.1.1 this relay has no mailboxes",
    "virtual_transport": "error:5.1.1 this relay has no mailboxes",
    "relay_transport": "smtp",
    "default_transport": "smtp",
    "biff": "no",
    "notify_classes": "",
    # Messages arrive as they came: no header is added or completed, no line is broken, no encoding is changed.
    "local_header_rewrite_clients": "",
    "append_dot_mydomain": "no",
    "swap_bangpath": "no",
    "allow_percent_hack": "no",
    "recipient_delimiter": "",
    "disable_mime_input_processing": "yes",
    "disable_mime_output_conversion": "yes",
    "smtputf8_enable": "no",
    "smtp_line_length_limit": "0",
    "header_size_limit": str(_KIB * _KIB),
    # Who is let in is let in by address alone; everybody else is refused whatever is said.
    # At once: RCPT TO:<postmaster> is never refused later (RFC 5321 wants it so), and would go to the upstream.
    "smtpd_delay_reject": "no",
    "smtpd_client_restrictions": "permit_mynetworks, reject",
    "smtpd_helo_required": "yes",
    "smtpd_relay_restrictions": "permit_mynetworks, reject",
    "smtpd_recipient_restrictions": "reject_non_fqdn_recipient, permit_mynetworks, reject",
    "smtpd_data_restrictions": "reject_unauth_pipelining",
    "smtpd_etrn_restrictions": "reject",
    "smtpd_sasl_auth_enable": "no",
    "smtpd_authorized_xclient_hosts": "",
    "smtpd_authorized_xforward_hosts": "",
    "smtpd_discard_ehlo_keywords": "chunking, dsn, etrn, silent-discard",
    "disable_vrfy_command": "yes",
    "show_user_unknown_table_name": "no",
    "parent_domain_matches_subdomains": "",
    "fast_flush_domains": "",
    # These two would let everybody go who is let in.
    "smtpd_client_event_limit_exceptions": "",
    "smtpd_forbid_bare_newline": "yes",
    "smtpd_forbid_bare_newline_exclusions": "",
    "smtpd_forbid_unauth_pipelining": "yes",
    # A client's name comes from a DNS that may be down with the rest.
    "smtpd_peername_lookup": "no",
    "authorized_submit_users": "root",
    "authorized_flush_users": "root",
    "authorized_mailq_users": "root",
    # Upstream: TLS with a verified name, or nothing; the password goes through TLS only.
    "smtp_host_lookup": "native",
    "smtp_tls_security_level": "secure",
    "smtp_tls_mandatory_protocols": _OLD_TLS,
    "smtp_tls_protocols": _OLD_TLS,
    "smtp_tls_mandatory_ciphers": "medium",
    "smtp_tls_fingerprint_digest": "sha256",
    "smtp_tls_loglevel": "1",
    "smtp_sasl_auth_enable": "yes",
    "smtp_sasl_mechanism_filter": "plain, login",
    "smtp_sasl_security_options": "noplaintext, noanonymous",
    "smtp_sasl_tls_security_options": "noanonymous",
    "smtp_sasl_auth_soft_bounce": "yes",
}
#: Not every release has them, and those that have not must not be told.
_MAYBE: t.Final = (
    "smtpd_forbid_bare_newline",
    "smtpd_forbid_bare_newline_exclusions",
    "smtpd_forbid_unauth_pipelining",
)

#: Service, kind, private, unprivileged, wakeup, most processes, program (master.5). No chroot: libraries, roots and
#: resolv.conf are those of the machine. Neither local(8) nor pipe(8) is there.
#: Who queues a message wakes qmgr up, and where that is lost (qmgr has just died) it looks by itself: within a minute,
#: not Postfix's five.
_SERVICES: t.Final = """\
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 60 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
showq unix n - n - - showq
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
"""


@dataclass(frozen=True, slots=True)
class Places:
    """Absolute folders: of the configuration, of the queue, of what Postfix keeps besides."""

    folder: str = "/etc/mailfleet-smtp-relay"
    queue: str = "/var/spool/mailfleet-smtp-relay"
    data: str = "/var/lib/mailfleet-smtp-relay"


PLACES: t.Final = Places()
#: Where a configuration is tried out.
TRIAL: t.Final = Places(*(f"/run/mailfleet-smtp-relay-trial/{one}" for one in ("etc", "spool", "lib")))


@dataclass(frozen=True, slots=True)
class Release:
    """``version``: (3, 7); ``known``: those of its parameters that were asked for, None where nobody could ask."""

    version: tuple[int, int]
    known: frozenset[str] | None


NEWEST: t.Final = Release((3, 10), None)
#: Destinations in a list, and everything else that is used here: https://www.postfix.org/announcements/postfix-3.5.0.html
_OLDEST: t.Final = (3, 5)
_VERSION: t.Final = re.compile(r"(?m)^mail_version = ([0-9]{1,2})\.([0-9]{1,3})")
#: What ``postconf -d`` is asked for.
QUESTIONS: t.Final = ("mail_version", *_MAYBE)


def parse_release(raw: object) -> Release:
    """What ``postconf -d`` prints of QUESTIONS; nothing of a machine that has no Postfix yet. Raises RelayError."""
    text = str(raw or "")
    if not text.strip():
        return NEWEST
    found = _VERSION.search(text)
    if found is None:
        raise RelayError(f"facts: postfix: {quoted(text)} holds no version of Postfix.")
    release = Release((int(found[1]), int(found[2])), frozenset(line.partition(" = ")[0] for line in text.splitlines()))
    if release.version < _OLDEST:
        raise RelayError(f"facts: postfix: {found[1]}.{found[2]} is too old; 3.5 or newer is needed.")
    if _MAYBE[0] not in (release.known or ()):
        raise RelayError(
            f"facts: postfix: this {found[1]}.{found[2]} cannot be told to keep a line feed from ending a message"
            f" ({_MAYBE[0]}, CVE-2023-51764); update the package."
        )
    return release


def main_cf(wish: Smarthost, ca_file: str, places: Places = PLACES, release: Release = NEWEST) -> str:
    """The text of main.cf. ``ca_file``: roots of the system, for an upstream that names no others."""
    found = {
        # What is not said is as it is in that release; 2 is what 3.5 knows.
        "compatibility_level": "3.6" if release.version >= (3, 6) else "2",
        "queue_directory": places.queue,
        "data_directory": places.data,
        "myhostname": wish.hostname,
        "myorigin": wish.hostname,
        "mynetworks": ", ".join(_network(one) for one in wish.allow),
        "smtpd_banner": f"{wish.hostname} ESMTP",
        **_ALWAYS,
        **_upstream(wish, ca_file, places),
        **_limits(wish),
        "smtpd_sender_restrictions": "reject_non_fqdn_sender",
    }
    if wish.senders:
        found["smtpd_sender_restrictions"] = f"check_sender_access texthash:{places.folder}/senders, reject"
    if wish.hide_clients:
        found["smtp_header_checks"] = f"regexp:{places.folder}/headers"
    for name in _MAYBE:
        if release.known is not None and name not in release.known:
            del found[name]
    return HEAD + rendered(found)


def rendered(parameters: Mapping[str, str]) -> str:
    """The lines of these parameters. Raises RelayError where one would say more than itself."""
    for name, value in parameters.items():
        if not _PARAMETER.fullmatch(name) or not _VALUE.fullmatch(value):
            raise RelayError(f"{quoted(name)}: {quoted(value)} cannot stand in main.cf.")
    return "".join(f"{name} = {value}".rstrip() + "\n" for name, value in parameters.items())


def _upstream(wish: Smarthost, ca_file: str, places: Places) -> dict[str, str]:
    upstream = wish.upstream
    implicit = upstream.security is Security.IMPLICIT
    return {
        "relayhost": ", ".join(_nexthop(one) for one in upstream.targets),
        "smtp_tls_wrappermode": "yes" if implicit else "no",
        "smtp_tls_CAfile": upstream.ca_file or ca_file,
        "smtp_tls_secure_cert_match": upstream.host,
        "smtp_tls_servername": upstream.host,
        "smtp_sasl_password_maps": f"texthash:{places.folder}/password",
    }


def _limits(wish: Smarthost) -> dict[str, str]:
    numbers = wish.numbers
    size = numbers["message_mib"] * _KIB * _KIB
    soon, late = f"{numbers['retry_seconds']}s", f"{numbers['retry_most_seconds']}s"
    return {
        "message_size_limit": str(size),
        "mailbox_size_limit": str(size),
        "smtpd_recipient_limit": str(numbers["recipients"]),
        "smtpd_client_connection_count_limit": str(numbers["client_connections"]),
        "smtpd_client_message_rate_limit": str(numbers["client_messages"]),
        "smtp_destination_concurrency_limit": str(numbers["upstream_connections"]),
        "initial_destination_concurrency": str(min(numbers["upstream_connections"], 5)),
        "maximal_queue_lifetime": f"{numbers['queue_days']}d",
        "bounce_queue_lifetime": f"{numbers['queue_days']}d",
        "queue_run_delay": soon,
        "minimal_backoff_time": soon,
        "maximal_backoff_time": late,
        "transport_retry_time": soon,
    }


def _network(one: Network) -> str:
    return f"[{one.network_address}]/{one.prefixlen}" if one.version == 6 else str(one)


def _nexthop(one: Endpoint) -> str:
    """In brackets, so that nobody asks for MX records. An IPv6 address looks the same."""
    return f"[{one.host}]:{one.port}"


def master_cf(listen: Collection[Endpoint]) -> str:
    """The text of master.cf. Postfix takes ``::`` for IPv6 alone, so there IPv4 gets a listener of its own."""
    doors = [door for one in listen for door in _doors(one)]
    return HEAD + "".join(f"{door} inet n - n - - smtpd\n" for door in doors) + _SERVICES


def _doors(one: Endpoint) -> tuple[Endpoint, ...]:
    return (one, Endpoint("0.0.0.0", one.port)) if one.host == "::" else (one,)


def tables(wish: Smarthost, places: Places = PLACES) -> dict[str, str]:
    """Path → text of the tables that everybody may read."""
    found = {}
    if wish.senders:
        lines = [f"{one}\tOK\n" for one in wish.senders]
        found[f"{places.folder}/senders"] = HEAD + "".join(lines)
    if wish.hide_clients:
        found[f"{places.folder}/headers"] = HEAD + _headers(wish.hostname)
    return found


def _headers(hostname: str) -> str:
    """Our own trace of a message without the client's name and address, which the world need not know."""
    escaped = hostname.replace(".", r"\.")
    found = rf"/^Received: from .*[[:space:]]by {escaped} \(Postfix\)[[:space:]]+(.*)$/"
    return f"{found} REPLACE Received: by {hostname} (Postfix) $1\n"


def password_table(wish: Smarthost, places: Places = PLACES) -> dict[str, str]:
    """Path → text of the table that root alone may read. Postfix opens it before it gives up root's rights."""
    value = f"{wish.upstream.user}:{wish.upstream.password}"
    lines = [f"{_nexthop(one)}\t{value}\n" for one in wish.upstream.targets]
    return {f"{places.folder}/password": HEAD + "".join(lines)}
