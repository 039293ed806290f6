# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: the results of a fleet's audit as the catalogue of update packages that the fleet needs."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping

from ansible.errors import AnsibleFilterError

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.loader import load
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.catalogue import Catalogue, catalogue
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.catalogue import as_data, lines

DOCUMENTATION = r"""
name: update_catalogue
short_description: The update packages that a fleet needs, from the results of its audit
version_added: 0.1.0
author:
  - The mailfleet.client developers (@mailfleet)
positional: form
description:
  - Takes a dictionary of host name and result of M(mailfleet.client.mail_tls_audit) and names the files to fetch, in
    the order of installation, with the hosts that need each, and with checksums where they are known.
  - What no file brings is named too, such as a service pack that has to come first, a host that could not be audited,
    or one that needs a relay whatever is installed.
  - Of a package for XP or Server 2003 that exists in several languages every one is listed, since an audit does not
    say which language a Windows has. A host needs one of them.
  - Results may come from files. Which files there are is said by the tables of this collection, not by the results.
options:
  _input:
    description: Host name and result.
    type: dict
    required: true
  form:
    description: V(data) for programs, V(lines) for people.
    type: str
    choices: [data, lines]
    default: data
"""

EXAMPLES = r"""
- name: Show what to fetch
  ansible.builtin.debug:
    msg: "{{ audits | mailfleet.client.update_catalogue('lines') }}"

- name: Names of the files without a checksum in the tables
  ansible.builtin.debug:
    msg: "{{ (audits | mailfleet.client.update_catalogue).files | rejectattr('sha256') | map(attribute='file') }}"
"""

RETURN = r"""
_value:
  description:
    - With O(form=lines), a list of lines.
    - With O(form=data), a dictionary. C(schema) is the version of its shape, C(hosts) the number of results.
    - C(files) has an entry for each file to fetch, with C(kb), C(title), C(order), C(file) (a pattern where C(exact) is
      false), C(architecture), C(language) (empty for any), C(sha1), C(sha256) and C(size) (null where not known),
      C(prerequisites), C(hosts) (that need it), C(optional_for) (on which no mail depends on it), C(count).
    - C(missing) has an entry for each thing that no file brings, with C(what), C(why), C(hosts), C(count).
  type: raw
"""

_FORMS: t.Final[Mapping[str, Callable[[Catalogue], t.Any]]] = {"data": as_data, "lines": lines}
_NAME: t.Final = "mailfleet.client.update_catalogue"


def update_catalogue(results: t.Any, form: str = "data") -> t.Any:
    """The catalogue; AnsibleFilterError where the input is no dictionary of results, or the form is none."""
    if not isinstance(results, Mapping) or not all(isinstance(one, Mapping) for one in results.values()):
        raise AnsibleFilterError(f"{_NAME}: the input must be a dictionary of host name and result.")
    render = _FORMS.get(form) if isinstance(form, str) else None
    if render is None:
        raise AnsibleFilterError(f"{_NAME}: form: it must be one of {', '.join(_FORMS)}, and is {form!r}.")
    return render(catalogue(load(), results))


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., t.Any]]:
        """Name → function."""
        return {"update_catalogue": update_catalogue}
