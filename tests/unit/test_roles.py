# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said twice in a role agrees. What roles do is shown by molecule (scripts/molecule)."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.facts import PLATFORMS

ROLES = Path(__file__).resolve().parents[2] / "roles"
NAMES = sorted(path.name for path in ROLES.iterdir() if path.is_dir())


def loaded(*parts: str) -> dict[str, t.Any]:
    """A YAML file below roles/."""
    found = yaml.safe_load(ROLES.joinpath(*parts).read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("role", NAMES)
def test_what_is_documented_is_what_is_default(role: str) -> None:
    options = loaded(role, "meta", "argument_specs.yml")["argument_specs"]["main"]["options"]
    documented = {name: option["default"] for name, option in options.items() if not option.get("required")}
    assert documented == loaded(role, "defaults", "main.yml")
    assert all(name.startswith(f"{role}_") and option["description"] for name, option in options.items())


@pytest.mark.parametrize("role", NAMES)
def test_tasks_do_not_use_shells(role: str) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in sorted((ROLES / role).glob("*/*.yml")))
    assert "ansible.builtin.command" in text
    assert "ansible.builtin.shell" not in text


def test_every_family_of_relays_has_its_packages() -> None:
    assert set(loaded("tls_relay", "vars", "main.yml")["tls_relay__packages"]) == set(PLATFORMS)
