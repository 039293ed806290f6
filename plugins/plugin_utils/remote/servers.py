# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of ``servers`` with ``probe: true``, asked from the controller, and those with a report of sslyze.

Every task of every host runs in a process of its own, and these cannot share what they learn. So ``probe: true``
costs each host one probe of each such server: up to 25 handshakes, and a fleet may look like an attack to the server.
What to do for more than a few hosts: probe once before (``mail_tls_probe`` with ``run_once``, on the controller) and
hand on what it returns as ``accepts``. Both ways give the same audit. Within one process a server is asked once.

A report is read once per process, too, however many servers it tells of; it is a file of the controller. That is once
per host and task: the options are known in the process of the host only, not in the parent.
"""

from __future__ import annotations

import dataclasses
import errno
import functools
import json
import os
import typing as t
from collections.abc import Mapping, Sequence

from ansible_collections.mailfleet.client.plugins.module_utils import probe
from ansible_collections.mailfleet.client.plugins.module_utils.probe_run import ACCEPTED, REFUSED, UNDETERMINED
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import (
    Acceptance,
    Certificate,
    Protocol,
    Server,
    Source,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.sslyze import accepts_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown

#: Takes servers, gives the results of ``probe.probe`` in the same order.
Prober: t.TypeAlias = t.Callable[[Sequence[Server]], Sequence[Mapping[str, t.Any]]]


class OnceProber:
    """Asks each server once per process and timeout; servers that are not known yet are asked at the same time."""

    def __init__(self, timeout: float = 10.0, workers: int = 8) -> None:
        self._timeout = timeout
        self._workers = workers
        self._known: dict[tuple[str, int, str, str], Mapping[str, t.Any]] = {}

    def __call__(self, servers: Sequence[Server]) -> list[Mapping[str, t.Any]]:
        """Results of ``probe.probe``, one per server, in order."""
        keys = [(s.host, s.port, s.protocol.value, s.security.value) for s in servers]
        new = [key for key in dict.fromkeys(keys) if key not in self._known]
        requests = [
            {"host": host, "port": port, "protocol": protocol, "security": security, "timeout": self._timeout}
            for host, port, protocol, security in new
        ]
        self._known.update(zip(new, probe.probe_many(requests, self._workers), strict=True))
        return [self._known[key] for key in keys]


_probers: dict[float, OnceProber] = {}


def resolve(servers: Sequence[Server], prober: Prober | None = None, timeout: float = 10.0) -> tuple[Server, ...]:
    """The same servers; those with ``probe`` or ``sslyze`` now have ``accepts``. Never raises for what a server does.

    Args:
        servers: from ``parse_servers``.
        prober: who asks; the one of this process where it is None.
        timeout: seconds for one connection; one probe ends after six times that.

    Raises:
        OptionError: a report of sslyze cannot be read, or says nothing of its server. Nobody was asked then.
    """
    servers = [_told(server, f"servers[{number}].sslyze") for number, server in enumerate(servers)]
    wanted = [server for server in servers if server.probe]
    if not wanted:
        return tuple(servers)
    ask = prober or _probers.setdefault(timeout, OnceProber(timeout))
    results = dict(zip(wanted, ask(wanted), strict=True))
    return tuple(_with(server, results[server]) if server in results else server for server in servers)


def resolve_options(options: AuditOptions, prober: Prober | None = None, timeout: float = 10.0) -> AuditOptions:
    """The same options with ``servers`` resolved."""
    return dataclasses.replace(options, servers=resolve(options.servers, prober, timeout))


def _told(server: Server, option: str) -> Server:
    if not server.sslyze:
        return server
    return dataclasses.replace(server, accepts=accepts_of(_report(server.sslyze, option), server, option))


#: Bytes of a report; that of one server has about 200 KB.
_LONGEST_REPORT: t.Final = 256 << 20


def _report(file: str, option: str) -> object:
    """A JSON file; a relative path counts from where Ansible is run. Raises OptionError."""
    try:
        return _parsed(os.path.abspath(os.path.expanduser(file)))
    except OSError as error:
        raise OptionError(f"{option}: {shown(file, 300)} cannot be read ({error.strerror}).") from None
    except (ValueError, RecursionError):
        raise OptionError(f"{option}: {shown(file, 300)} is no JSON; write it with sslyze --json_out.") from None


@functools.lru_cache(maxsize=4)
def _parsed(path: str) -> object:
    with open(path, encoding="utf-8") as opened:
        if os.fstat(opened.fileno()).st_size > _LONGEST_REPORT:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        return json.load(opened)


def _with(server: Server, result: Mapping[str, t.Any]) -> Server:
    auth = server.auth or tuple(probe.sign_in(result["auth_advertised"]) or ()) or None
    return dataclasses.replace(server, accepts=acceptance(result), auth=auth)


def acceptance(result: Mapping[str, t.Any]) -> Acceptance:
    """What ``probe.probe`` returned, as the audit takes it."""
    states = {name: state["state"] for name, state in result["versions"].items()}
    suites = result["suites"]
    return Acceptance(
        source=Source.PROBE,
        tls=frozenset(Protocol(name) for name, state in states.items() if state == ACCEPTED),
        refused=frozenset(Protocol(name) for name, state in states.items() if state == REFUSED),
        suites=None if suites is None else tuple(suites[ACCEPTED]),
        undetermined_suites=frozenset(() if suites is None else suites[UNDETERMINED]),
        starttls=result["starttls"],
        certificate=None if result["certificate"] is None else _certificate(result["certificate"]),
        error=result["error"],
    )


def _certificate(found: Mapping[str, t.Any]) -> Certificate:
    return Certificate(
        names=None if found["names"] is None else tuple(found["names"]),
        key=found["key"],
        signature=found["signature"],
        needs_sni=found["needs_sni"],
        roots=None if found["roots"] is None else tuple(found["roots"]),
        thumbprints=tuple(found["thumbprints"]),
        not_before=found["not_before"],
        not_after=found["not_after"],
        trusted=found["trusted"],
    )
