# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the operator keeps update packages: a folder of the controller, of a web server, of the host, or of a share.

What is taken becomes a part of commands on the host, so it has to be made of harmless characters. Blanks may stand in
paths of Windows, and nowhere else.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError, quoted
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.package_names import DEVICE

Kind = t.Literal["controller", "url", "host", "unc"]

_LONGEST: t.Final = 200
_SCHEME: t.Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):/")
_URL: t.Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?)(?::(?P<port>\d{1,5}))?"
    r"(?P<path>(?:/[A-Za-z0-9._~-]+)*)/?",
    re.IGNORECASE | re.ASCII,
)
#: A user before a server, or a password, in whatever comes near a URL or a share.
_LOGON: t.Final = re.compile(r".*[:\\].*@|\s*//.*@", re.DOTALL)
#: A name in a path of Windows; at its end, dots and blanks would be dropped.
_PART: t.Final = r"[A-Za-z0-9_~$-](?:[A-Za-z0-9_~$. -]{0,98}[A-Za-z0-9_~$-])?"
_HOST_PATH: t.Final = re.compile(rf"(?P<root>[A-Za-z]:)(?P<path>(?:\\{_PART})*)\\?", re.ASCII)
_SHARE: t.Final = re.compile(
    rf"(?P<root>\\\\[A-Za-z0-9](?:[A-Za-z0-9.-]{{0,98}}[A-Za-z0-9])?\\{_PART})(?P<path>(?:\\{_PART})*)\\?", re.ASCII
)
_DEVICE: t.Final = re.compile(rf"\\{DEVICE}(?:\.[^\\]*)?(?=\\|$)", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class PackageSource:
    r"""A place with packages. ``place``: without a separator at its end, "C:" for the folder ``C:\``."""

    kind: Kind
    place: str

    def file(self, name: str) -> str:
        """The path or URL of a file there."""
        separator = "/" if self.kind in ("controller", "url") else "\\"
        return f"{self.place.removesuffix('/') if self.kind == 'controller' else self.place}{separator}{name}"

    def __str__(self) -> str:
        return self.place + "\\" * (self.kind == "host" and len(self.place) == len("C:"))


def parse_source(text: object) -> PackageSource:
    r"""Which of the four it is: ``http://server/folder``, ``C:\folder``, ``\\server\share\folder``, or a path here.

    :raises OptionError: it is none of them, or holds what must not stand on a command line. A password never shows.
    """
    if not isinstance(text, str):
        raise OptionError(f"source: {quoted(text)} is not a text.")
    if not text.strip():
        raise OptionError("source: it is empty; name a folder, a URL, or a share with the packages.")
    if _LOGON.match(text):
        # Not shown: there may be a password in it.
        raise OptionError(
            "source: an @ may stand in a path of the controller only, and a user or a password nowhere: let the"
            " server ask for none."
        )
    if not text.isprintable():
        raise OptionError(f"source: {quoted(text)} has characters that no path has.")
    scheme = _SCHEME.match(text)
    if scheme and len(scheme[1]) > 1:
        return PackageSource("url", _url(text, scheme[1].lower()))
    if text.startswith("\\\\"):
        return PackageSource("unc", _windows(text, _SHARE, r"\\server\share\folder"))
    if re.match(r"[A-Za-z]:", text):
        return PackageSource("host", _windows(text, _HOST_PATH, r"C:\folder"))
    if "\\" in text:
        raise OptionError(f"source: {quoted(text)} is a path of Windows without its drive or server.")
    return PackageSource("controller", text)


def _url(text: str, scheme: str) -> str:
    if scheme not in ("http", "https"):
        raise OptionError(f"source: hosts fetch packages over http and https only, not over {quoted(scheme)}.")
    rest = text[len(scheme) + 1 :]
    if "?" in rest or "#" in rest:
        raise OptionError("source: the URL is that of a folder, without ? and #, which the names of files follow.")
    found = _URL.fullmatch(text)
    parts = found["path"].split("/") if found else []
    if found is None or len(text) > _LONGEST or ".." in found["host"] or {".", ".."} & {*parts}:
        raise OptionError(
            f"source: {quoted(text)} is no URL of a folder that can be used: at most {_LONGEST} characters, a name or"
            " an IPv4 address, and a path of letters, digits and ._~- without . and .. as its parts."
        )
    port = found["port"]
    if port is not None and not 0 < int(port) < 1 << 16:
        raise OptionError(f"source: there is no port {port}.")
    return f"{scheme}://{found['host'].lower()}" + (f":{int(port)}" if port else "") + found["path"]


def _windows(text: str, form: re.Pattern[str], example: str) -> str:
    found = form.fullmatch(text)
    if found is None or len(text) > _LONGEST or _DEVICE.search(text):
        raise OptionError(
            f"source: {quoted(text)} is no folder that can be used: it has to look like {example}, with at most"
            f" {_LONGEST} characters, all of them letters, digits, blanks and ._~$-."
        )
    return found["root"] + found["path"]
