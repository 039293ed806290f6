# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Some sections, sent and answered in full: for whoever may not go on with half an answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import RegistryImage
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.transcript import END
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.decode import codepage_of, decode
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.pack import Batch, new_token, pack
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.regions import Answers, machine_regions
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, Section, section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import Shell, ShellError

_CODEPAGE = "XCP"


@dataclass(slots=True)
class Exchange:
    """Sends sections to one host and reads what comes back.

    ``codepage``: of the shell; None: the first line asks. ``answers``: to the last run, for what is not registry.
    """

    shell: Shell
    codepage: int | None = None
    answers: Answers = field(default_factory=Answers)

    def run(self, sections: Iterable[Section]) -> RegistryImage:
        """Send the sections in as few lines as they fit into.

        :returns: what their registry queries read.
        :raises PackError: a section does not fit into a line; nothing was sent.
        :raises ShellError: an answer is not complete; what its line does may have been done, or in part, or not.
        """
        return self.send(self.packed(sections))

    def packed(self, sections: Iterable[Section]) -> tuple[Batch, ...]:
        """The lines that carry these sections, for who has to know that they can be sent before he sends others.

        :raises PackError: a section does not fit into a line.
        """
        asking = () if self.codepage is not None else (section("code page", Query(_CODEPAGE, command="chcp")),)
        return pack((*asking, *sections), self.shell.limit)

    def send(self, lines: tuple[Batch, ...]) -> RegistryImage:
        """Send what :meth:`packed` made; else like :meth:`run`."""
        self.answers = answers = Answers()
        for batch in lines:
            token = new_token()
            output = self.shell.run(batch.text(token))
            if self.codepage is None:
                self.codepage = codepage_of(output.out, token, _CODEPAGE)
            text = decode(output.out, self.codepage)
            answers.add(text, token, batch.sections)
            if output.cut:
                raise ShellError(output.cut, unreachable=True)
            if f"{token}:{END}" not in text:
                said = shown(" ".join((text or decode(output.err, self.codepage)).split())[-200:]) or "nothing"
                raise ShellError(f"The host broke off in the middle of a line; its last words were: {said}.")
        return RegistryImage(machine_regions(answers, (item for batch in lines for item in batch.sections)))
