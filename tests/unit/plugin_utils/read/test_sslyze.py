# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of sslyze: a real one (6.3.1, shortened), and what may be wrong with one.

The real one is of servers that tests/support/tls_servers.py runs. Fields that nobody reads, certificates themselves and
most refused cipher suites were left out of it, and names and ports of the servers were changed.
"""

from __future__ import annotations

import copy
import json
import typing as t
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import Acceptance, Protocol, Server, Source
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.server_options import parse_servers
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.sslyze import accepts_of

REPORT = json.loads((Path(__file__).parent / "data" / "sslyze-6.3.1.json").read_text("utf-8"))
ROOT = "D2A7F434CF8984229C8A602694F3FE6445BDA8ED"
IMAPS = {"host": "imap.example.test", "port": 993}
OPTION = "servers[0].sslyze"
#: Where in a report something is.
Path_ = tuple[t.Union[str, int], ...]
SCAN: Path_ = ("server_scan_results", 0, "scan_result")
CERTIFICATES: Path_ = (*SCAN, "certificate_info", "result")


def server(**entry: t.Any) -> Server:
    (made,) = parse_servers([entry])
    return made


def read(report: object, **entry: t.Any) -> Acceptance:
    return accepts_of(report, server(**(entry or IMAPS)), OPTION)


def changed(*changes: tuple[Path_, t.Any]) -> dict[str, t.Any]:
    """The report with other values at these places."""
    report = copy.deepcopy(REPORT)
    for path, value in changes:
        place = report
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
    return t.cast("dict[str, t.Any]", report)


@pytest.mark.parametrize(
    ("entry", "tls", "refused", "suites", "undetermined", "starttls"),
    [
        (
            IMAPS,
            {"TLS 1.2", "TLS 1.3"},
            {"SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1"},
            {
                "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                "TLS_RSA_WITH_AES_128_CBC_SHA",
            },
            set(),
            None,
        ),
        (
            {"host": "SMTP.example.test.", "port": 587},
            {"TLS 1.0", "TLS 1.1", "TLS 1.2"},
            {"SSL 2.0", "SSL 3.0", "TLS 1.3"},
            {"TLS_RSA_WITH_AES_128_CBC_SHA"},
            set(),
            True,
        ),
    ],
)
def test_a_whole_scan(
    entry: dict[str, t.Any], tls: set[str], refused: set[str], suites: set[str], undetermined: set[str], starttls: bool
) -> None:
    found = read(REPORT, **entry)
    assert (found.source, found.error, found.starttls) == (Source.PROBE, None, starttls)
    assert {one.value for one in found.tls} == tls
    assert {one.value for one in found.refused} == refused
    assert (set(found.suites or ()), found.undetermined_suites) == (suites, undetermined)


def test_what_was_not_scanned_is_unknown() -> None:
    """Only --tlsv1_2: nothing is said of other versions, nor of suites that an older version might take."""
    found = read(REPORT, host="two.example.test", port=143)
    assert (found.tls, found.refused) == ({Protocol.TLS12}, frozenset())
    assert "TLS_RSA_WITH_AES_256_GCM_SHA384" in (found.suites or ())
    assert found.undetermined_suites == {"TLS_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_RSA_WITH_RC4_128_SHA"}


@pytest.mark.parametrize("status", ["ERROR", "NOT_SCHEDULED"])
def test_a_scan_that_did_not_end_says_nothing(status: str) -> None:
    found = read(changed(((*SCAN, "tls_1_0_cipher_suites", "status"), status)))
    assert Protocol.TLS10 not in found.tls | found.refused
    assert "TLS_RSA_WITH_AES_256_CBC_SHA" in found.undetermined_suites
    assert "TLS_RSA_WITH_AES_256_GCM_SHA384" not in found.undetermined_suites  # TLS 1.0 does not have it
    without = read(changed(((*SCAN, "tls_1_2_cipher_suites", "status"), status)))
    assert (without.suites, without.tls) == (None, {Protocol.TLS13})
    assert read(changed(((*SCAN, "certificate_info", "status"), status))).certificate is None


def test_the_rsa_certificate_is_described() -> None:
    found = read(REPORT).certificate
    assert found is not None
    assert (found.key, found.names, found.signature) == ("rsa", ("mail.example.test",), "sha256")
    assert (found.needs_sni, found.trusted, found.roots) == (False, False, (ROOT,))
    assert (found.thumbprints[-1], len(found.thumbprints)) == (ROOT, 2)
    assert (found.not_after or "").endswith("Z")


DEPLOYMENTS = REPORT["server_scan_results"][0]["scan_result"]["certificate_info"]["result"]["certificate_deployments"]
PATHS: Path_ = (*CERTIFICATES, "certificate_deployments", 1, "path_validation_results")
CHAIN = DEPLOYMENTS[1]["received_certificate_chain"]


def validation(store: str, well: bool) -> dict[str, t.Any]:
    return {
        "trust_store": {"name": store},
        "was_validation_successful": well,
        "verified_certificate_chain": CHAIN if well else None,
    }


@pytest.mark.parametrize(
    ("stores", "trusted"),
    [
        ({"Windows": True, "Mozilla": True}, True),
        ({"Windows": False, "Mozilla": True}, False),
        ({"Mozilla": True, "Apple": False}, True),
        # A root of the operator's own is none that Windows would fetch.
        ({"Windows": False, "Supplied CA file": True}, False),
        ({"Supplied CA file": True}, None),
        ({}, None),
    ],
)
def test_who_trusts_it(stores: dict[str, bool], trusted: bool | None) -> None:
    found = read(changed((PATHS, [validation(*one) for one in stores.items()]))).certificate
    assert found is not None
    assert (found.trusted, found.roots) == (trusted, (ROOT,))


@pytest.mark.parametrize(
    ("names", "needs"),
    [(["other.example.test"], True), (["imap.example.test"], False), (["*.EXAMPLE.test"], False), ([], True)],
)
def test_server_name_indication(names: list[str], needs: bool) -> None:
    other = {
        **CHAIN[0],
        "fingerprint_sha1": "A" * 27 + "=",
        "subject_alternative_name": {"dns_names": names, "ip_addresses": []},
    }
    bare = {"received_certificate_chain": [other]}
    found = read(changed(((*CERTIFICATES, "certificate_deployment_with_sni_disabled"), bare))).certificate
    assert found is not None
    assert found.needs_sni is needs


def test_a_release_that_does_not_look_without_sni() -> None:
    found = read(changed(((*CERTIFICATES, "certificate_deployment_with_sni_disabled"), None))).certificate
    assert found is not None
    assert found.needs_sni is None


def test_the_newer_of_two_scans() -> None:
    twice = changed((("server_scan_results", 3, "server_location"), {"hostname": "imap.example.test", "port": 993}))
    with pytest.raises(OptionError, match="ERROR_NO_CONNECTIVITY"):
        read(twice)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            {"host": "gone.example.test", "port": 993},
            "sslyze learnt nothing of 'gone.example.test' port 993 ('ERROR_NO_CONNECTIVITY'); scan it again.",
        ),
        (
            {"host": "x.test", "port": 993},
            "the report does not have 'x.test' port 993, it has imap.example.test:993, smtp.example.test:587,"
            " two.example.test:143 or gone.example.test:993.",
        ),
        (
            {"host": "smtp.example.test", "port": 587, "security": "implicit"},
            "sslyze asked 'smtp.example.test' port 587 in another way; scan it without --starttls.",
        ),
        (
            {"host": "imap.example.test", "port": 993, "security": "starttls"},
            "sslyze asked 'imap.example.test' port 993 in another way; scan it --starttls imap.",
        ),
    ],
)
def test_servers_of_which_it_says_nothing(entry: dict[str, t.Any], message: str) -> None:
    with pytest.raises(OptionError) as caught:
        read(REPORT, **entry)
    assert str(caught.value) == f"{OPTION}: {message}"


@pytest.mark.parametrize(
    "report",
    [
        None,
        [],
        {},
        {"server_scan_results": {}},
        {"server_scan_results": [None]},
        {"server_scan_results": [{}]},
        changed(((*SCAN, "tls_1_2_cipher_suites"), [])),
        changed(((*SCAN, "tls_1_2_cipher_suites", "result"), None)),
        changed(((*SCAN, "tls_1_2_cipher_suites", "result", "accepted_cipher_suites"), [{"cipher_suite": {}}])),
        changed(((*CERTIFICATES, "certificate_deployments", 1, "received_certificate_chain"), [])),
        changed(
            ((*CERTIFICATES, "certificate_deployments", 1, "received_certificate_chain", 0, "fingerprint_sha1"), "?")
        ),
        changed(
            ((*CERTIFICATES, "certificate_deployments", 1, "received_certificate_chain", 0, "not_valid_after"), "x")
        ),
        changed(*(((*SCAN, name, "status"), "ERROR") for name in REPORT["server_scan_results"][0]["scan_result"])),
        changed((("server_scan_results", 0, "network_configuration"), None)),
    ],
)
def test_what_is_no_report_is_refused_in_one_sentence(report: object) -> None:
    with pytest.raises(OptionError) as caught:
        read(report)
    said = str(caught.value)
    assert said.startswith(OPTION)
    assert said.endswith(".")
    assert "\n" not in said


def places(value: object, path: Path_ = ()) -> list[Path_]:
    """Every place of the first server's entry."""
    steps: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        steps = list(value.items())
    elif isinstance(value, list):
        steps = list(enumerate(value[:2]))
    return (
        [path, *(place for step, inner in steps for place in places(inner, (*path, step)))]
        if path
        else [place for step, inner in steps for place in places(inner, (step,))]
    )


PLACES = [("server_scan_results", 0, *path) for path in places(REPORT["server_scan_results"][0])]
JUNK = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just([]) | st.just({}) | st.just([None])


@settings(max_examples=300)
@given(st.sampled_from(PLACES), JUNK)
def test_nothing_but_an_option_error_ever_comes_out(place: Path_, value: object) -> None:
    try:
        said = read(changed((place, value)))
    except OptionError as error:
        said = Acceptance(Source.PROBE, error=str(error))
    assert said.error is None or said.error.startswith(OPTION)
