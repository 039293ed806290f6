# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules document is what their action plugins take, and what the playbooks pass them."""

from __future__ import annotations

import importlib
import typing as t

import pytest
import yaml

from tests.unit.test_repository import ROOT

PLUGINS = "ansible_collections.mailfleet.client.plugins"
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py"))
#: Of most modules, the action plugin is what runs; the others run on Linux hosts themselves.
ACTIONS = sorted(path.stem for path in (ROOT / "plugins" / "action").glob("*.py"))
#: About no Windows host, and so without an option in common with the others.
ON_THE_CONTROLLER = {"mail_tls_relay_certificates"}
#: Playbook → module; each passes options of it, and nothing else.
PLAYBOOKS = {"audit": "audit", "fix": "fix", "rollback": "rollback", "updates": "audit", "verify": "verify"}


def documented(name: str) -> dict[str, dict[str, t.Any]]:
    """The options of a module, those of its fragments included."""
    module = importlib.import_module(f"{PLUGINS}.modules.{name}")
    documentation = yaml.safe_load(module.DOCUMENTATION)
    found = dict(documentation.get("options", {}))
    for words in (fragment.split(".")[2:] for fragment in documentation["extends_documentation_fragment"]):
        fragment = importlib.import_module(f"{PLUGINS}.doc_fragments.{words[0]}").ModuleDocFragment
        text = getattr(fragment, words[1].upper() if len(words) > 1 else "DOCUMENTATION")
        found |= yaml.safe_load(text).get("options", {})
    return found


def bare(option: dict[str, t.Any]) -> dict[str, t.Any]:
    """What documentation and specification both say of an option."""
    choices = option.get("choices")
    return {
        "type": option.get("type", "str"),
        "elements": option.get("elements"),
        "choices": None if choices is None else sorted(choices),
        "default": option.get("default") or None,
        "required": option.get("required", False),
    }


@pytest.mark.parametrize("name", MODULES)
def test_options_are_documented_as_they_are_taken(name: str) -> None:
    kind = "action" if name in ACTIONS else "modules"
    taken = importlib.import_module(f"{PLUGINS}.{kind}.{name}").ARGUMENT_SPEC
    assert {option: bare(spec) for option, spec in taken.items()} == {
        option: bare(words) for option, words in documented(name).items()
    }


@pytest.mark.parametrize("book", PLAYBOOKS)
def test_playbooks_pass_options_that_there_are(book: str) -> None:
    plays = yaml.safe_load((ROOT / "playbooks" / f"{book}.yml").read_text("utf-8"))
    name = f"mail_tls_{PLAYBOOKS[book]}"
    key = f"mailfleet.client.{name}"
    (passed,) = [task[key] for play in plays for task in play["tasks"] if key in task]
    assert set(passed) <= set(documented(name))


@pytest.mark.parametrize("book", PLAYBOOKS)
def test_playbooks_tell_of_every_variable(book: str) -> None:
    text = (ROOT / "playbooks" / f"{book}.yml").read_text("utf-8")
    comment = "".join(line for line in text.splitlines(keepends=True) if line.startswith("#"))
    plays = yaml.safe_load(text)
    used = {word for play in plays for task in play["tasks"] for word in words_of(task)}
    assert {word for word in used if word not in comment} == set()


def words_of(task: dict[str, t.Any]) -> set[str]:
    """Variables of ours that the options of a task of ours ask for."""
    ours = [options for key, options in task.items() if key.startswith("mailfleet.client.")]
    text = str(ours)
    return {word for word in text.replace("'", " ").replace('"', " ").split() if word.startswith("mailfleet_")}


def test_the_action_group_names_every_module_for_windows_hosts() -> None:
    """The others share no option with them: a default for the group would be refused there."""
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text("utf-8"))
    assert sorted(runtime["action_groups"]["mail"]) == sorted(set(ACTIONS) - ON_THE_CONTROLLER)
    assert set(ACTIONS) < set(MODULES)
