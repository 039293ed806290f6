# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report that sslyze wrote (``--json_out``), as the part ``accepts`` of an entry of ``servers``.

Read are the versions, the cipher suites and the certificates, by the names of the fields of sslyze 5 and 6 (seen with
6.3.1; https://nabla-c0d3.github.io/sslyze/documentation/json-output.html). What a scan did not finish, or what it was
not asked for, is unknown. Nothing in a report is trusted: it is checked like what an operator writes.
"""

from __future__ import annotations

import base64
import binascii
import typing as t
from collections.abc import Mapping, Sequence

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import Acceptance, Security, Server
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.acceptance_options import parse_acceptance
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError, listed, quoted
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown

#: Scans of sslyze → versions as ``accepts`` writes them.
_VERSIONS: t.Final[Mapping[str, str]] = {
    "ssl_2_0_cipher_suites": "SSL 2.0",
    "ssl_3_0_cipher_suites": "SSL 3.0",
    "tls_1_0_cipher_suites": "1.0",
    "tls_1_1_cipher_suites": "1.1",
    "tls_1_2_cipher_suites": "1.2",
    "tls_1_3_cipher_suites": "1.3",
}
_WITH_SUITES: t.Final = ("tls_1_0_cipher_suites", "tls_1_1_cipher_suites", "tls_1_2_cipher_suites")
#: Suites that only TLS 1.2 has: AEAD, or a MAC of the SHA-2 family. RFC 5246, RFC 5289.
_ONLY_TLS12: t.Final = ("_SHA256", "_SHA384", "_CCM", "_CCM_8")
#: Classes of the library that sslyze names keys by (https://cryptography.io) → our names.
_KEYS: t.Final[Mapping[str, str]] = {
    "RSAPublicKey": "rsa",
    "ECPublicKey": "ecdsa",
    "EllipticCurvePublicKey": "ecdsa",
    "DSAPublicKey": "dsa",
    "Ed25519PublicKey": "ed25519",
    "Ed448PublicKey": "ed448",
}
_WINDOWS_STORE, _STORE_OF_THE_OPERATOR = "Windows", "Supplied CA file"
_SHA1_BYTES: t.Final = 20
#: Names in a report that are shown where it does not have the one that is wanted.
_NAMED: t.Final = 5


def accepts_of(report: object, server: Server, option: str) -> Acceptance:
    """What a report says of this server, told apart by name and port. ``report``: the JSON, parsed.

    :raises OptionError: it is no such report, or does not have this server, or asked it in another way (STARTTLS), or
        learnt nothing of it; one sentence, with ``option``.
    """
    entry = _entry_of(report, server, option)
    scan = entry.get("scan_result")
    if not isinstance(scan, Mapping):
        status = (
            entry.get("scan_status") if isinstance(entry.get("scan_status"), str) else entry.get("connectivity_status")
        )
        raise OptionError(f"{option}: sslyze learnt nothing of {_name(server)} ({quoted(status)}); scan it again.")
    done = {name: found for name in _VERSIONS if (found := _result(option, scan, name)) is not None}
    if not done:
        raise OptionError(
            f"{option}: no scan of versions was finished for {_name(server)}; use --tlsv1_2 and the like."
        )
    supported = {name: _flag(option, name, found) for name, found in done.items()}
    accepts: dict[str, t.Any] = {
        "source": "probe",
        "tls": [_VERSIONS[name] for name, yes in supported.items() if yes],
        "refused": [_VERSIONS[name] for name, yes in supported.items() if not yes],
        **_suites(option, done),
    }
    if server.security is Security.STARTTLS:
        accepts["starttls"] = True
    certificate = _certificate(option, scan, server)
    if certificate:
        accepts["certificate"] = certificate
    return parse_acceptance(option, accepts)


def _name(server: Server) -> str:
    return f"'{server.host}' port {server.port}"


def _mapping(option: str, where: str, raw: object) -> Mapping[str, t.Any]:
    if not isinstance(raw, Mapping):
        raise OptionError(f"{option}: {where} is {quoted(raw)} there, so it is no report that sslyze wrote as JSON.")
    return raw


def _list(option: str, where: str, raw: object) -> Sequence[t.Any]:
    if not isinstance(raw, list):
        raise OptionError(f"{option}: {where} is {quoted(raw)} there, so it is no report that sslyze wrote as JSON.")
    return raw


def _entry_of(report: object, server: Server, option: str) -> Mapping[str, t.Any]:
    """The newest scan of this server, asked in the way in which its clients speak to it."""
    top = _mapping(option, "the report", report)
    names: list[str] = []
    found: list[Mapping[str, t.Any]] = []
    for raw in _list(option, "server_scan_results", top.get("server_scan_results")):
        entry = _mapping(option, "an entry of server_scan_results", raw)
        at = _mapping(option, "server_location", entry.get("server_location"))
        host, port = str(at.get("hostname")).lower().removesuffix("."), at.get("port")
        if (host, port) == (server.host, server.port):
            found.append(entry)
        names.append(f"{shown(host, 60)}:{shown(str(port), 10)}")
    if not found:
        there = listed(list(dict.fromkeys(names))[:_NAMED]) or "no server"
        raise OptionError(f"{option}: the report does not have {_name(server)}, it has {there}.")
    wanted = server.protocol.value if server.security is Security.STARTTLS else None
    for one in found[::-1]:
        asked = _mapping(option, "network_configuration", one.get("network_configuration"))
        way = asked.get("tls_opportunistic_encryption")
        if (way.lower() if isinstance(way, str) else way) == wanted:
            return one
    how = f"--starttls {wanted}" if wanted else "without --starttls"
    raise OptionError(f"{option}: sslyze asked {_name(server)} in another way; scan it {how}.")


def _result(option: str, scan: Mapping[str, t.Any], name: str) -> Mapping[str, t.Any] | None:
    """The result of one scan, or None where it was not asked for or not finished."""
    attempt = scan.get(name)
    if attempt is None:
        return None
    found = _mapping(option, name, attempt)
    if found.get("status") != "COMPLETED":
        return None
    return _mapping(option, f"{name}.result", found.get("result"))


def _flag(option: str, name: str, found: Mapping[str, t.Any]) -> bool:
    """Whether the version is accepted. Releases before 5 did not say it in a word."""
    said = found.get("is_tls_version_supported")
    return said if isinstance(said, bool) else bool(_names(option, name, found, "accepted_cipher_suites"))


def _names(option: str, scan: str, found: Mapping[str, t.Any], field: str) -> list[str]:
    names = []
    for raw in _list(option, f"{scan}.{field}", found.get(field)):
        suite = _mapping(option, "cipher_suite", _mapping(option, f"an entry of {field}", raw).get("cipher_suite"))
        if not isinstance(suite.get("name"), str):
            raise OptionError(f"{option}: a cipher suite of {scan} has no name, so it is no report of sslyze.")
        names.append(suite["name"])
    return names


def _suites(option: str, done: Mapping[str, Mapping[str, t.Any]]) -> dict[str, list[str]]:
    """Suites of TLS 1.2 and older. Those of versions that nobody asked for are undetermined, where they have names."""
    scans = [name for name in _WITH_SUITES if name in done]
    if "tls_1_2_cipher_suites" not in scans:
        return {}  # what only TLS 1.2 has is named nowhere, so it could not be called undetermined
    accepted = {one for name in scans for one in _names(option, name, done[name], "accepted_cipher_suites")}
    refused = {one for name in scans for one in _names(option, name, done[name], "rejected_cipher_suites")}
    open_ = set() if len(scans) == len(_WITH_SUITES) else {n for n in refused - accepted if not n.endswith(_ONLY_TLS12)}
    return {"suites": sorted(accepted), "undetermined_suites": sorted(open_)}


def _certificate(option: str, scan: Mapping[str, t.Any], server: Server) -> dict[str, t.Any]:
    """The RSA certificate where there are several: every client takes that one."""
    found = _result(option, scan, "certificate_info")
    if found is None:
        return {}
    deployments = [
        _mapping(option, "an entry of certificate_deployments", raw)
        for raw in _list(option, "certificate_deployments", found.get("certificate_deployments"))
    ]
    if not deployments:
        return {}
    chains = [_chain(option, deployment.get("received_certificate_chain")) for deployment in deployments]
    described = zip([_leaf(option, chain) for chain in chains], chains, deployments, strict=True)
    leaf, chain, deployment = min(described, key=lambda one: one[0].get("key") != "rsa")
    prints = [_sha1(option, one) for one in chain]
    bare = found.get("certificate_deployment_with_sni_disabled")
    known = {
        **leaf,
        "thumbprints": prints,
        "needs_sni": None if bare is None else _needs_sni(option, bare, chains, server),
        **_trust(option, deployment, chain[-1], prints[-1]),
    }
    return {name: value for name, value in known.items() if value is not None}


def _chain(option: str, raw: object) -> list[Mapping[str, t.Any]]:
    chain = [_mapping(option, "a certificate", one) for one in _list(option, "received_certificate_chain", raw)]
    if not chain:
        raise OptionError(f"{option}: a certificate chain of the report is empty, so it is no report of sslyze.")
    return chain


def _names_of(option: str, certificate: Mapping[str, t.Any]) -> list[t.Any]:
    names = _mapping(option, "subject_alternative_name", certificate.get("subject_alternative_name"))
    return [
        *_list(option, "dns_names", names.get("dns_names", names.get("dns"))),
        *_list(option, "ip_addresses", names.get("ip_addresses", [])),
    ]


def _leaf(option: str, chain: Sequence[Mapping[str, t.Any]]) -> dict[str, t.Any]:
    leaf = chain[0]
    algorithm = _mapping(option, "public_key", leaf.get("public_key")).get("algorithm")
    hashed = leaf.get("signature_hash_algorithm")
    return {
        # Without alternative names, clients look at the common name, which is not read here: unknown.
        "names": _names_of(option, leaf) or None,
        "key": _KEYS.get(str(algorithm).lstrip("_")),
        "signature": None if hashed is None else _mapping(option, "signature_hash_algorithm", hashed).get("name"),
        "not_before": leaf.get("not_valid_before"),
        "not_after": leaf.get("not_valid_after"),
    }


def _sha1(option: str, certificate: Mapping[str, t.Any]) -> str:
    """sslyze writes fingerprints in base64."""
    try:
        digest = base64.b64decode(certificate.get("fingerprint_sha1", ""), validate=True)
    except (TypeError, ValueError, binascii.Error):
        digest = b""
    if len(digest) != _SHA1_BYTES:
        raise OptionError(f"{option}: fingerprint_sha1 of a certificate is no SHA-1, so it is no report of sslyze.")
    return digest.hex().upper()


def _needs_sni(option: str, raw: object, chains: Sequence[Sequence[Mapping[str, t.Any]]], server: Server) -> bool:
    """Does the server show a client without SNI a certificate that is for others only?"""
    bare = _chain(option, _mapping(option, "the scan without SNI", raw).get("received_certificate_chain"))[0]
    if _sha1(option, bare) in {_sha1(option, chain[0]) for chain in chains}:
        return False
    parent = server.host.partition(".")[2]
    return not {server.host, f"*.{parent}"} & {str(name).lower() for name in _names_of(option, bare)}


def _trust(
    option: str, deployment: Mapping[str, t.Any], last: Mapping[str, t.Any], thumbprint: str
) -> dict[str, t.Any]:
    """Who accepts chain and name: the roots of Windows where they were asked, else those of any other vendor."""
    verdicts: dict[str, bool] = {}
    roots: list[str] = []
    for raw in _list(option, "path_validation_results", deployment.get("path_validation_results")):
        path = _mapping(option, "an entry of path_validation_results", raw)
        store = str(_mapping(option, "trust_store", path.get("trust_store")).get("name"))
        verdicts[store] = path.get("was_validation_successful") is True
        if verdicts[store] and path.get("verified_certificate_chain"):
            roots.append(_sha1(option, _chain(option, path["verified_certificate_chain"])[-1]))
    if last.get("issuer") is not None and last.get("issuer") == last.get("subject"):
        roots.append(thumbprint)
    public = [well for store, well in verdicts.items() if store != _STORE_OF_THE_OPERATOR]
    trusted = verdicts.get(_WINDOWS_STORE, any(public) if public else None)
    return {"trusted": trusted, "roots": list(dict.fromkeys(roots)) or None}
