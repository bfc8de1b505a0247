"""Write docs/asyncapi.yaml: `python -m tests.tools.asyncapi`."""

from pathlib import Path

import yaml

from vorex_sessions.live.asyncapi import document

PAGE = Path(__file__).parent.parent.parent / "docs" / "asyncapi.yaml"


class _Plain(yaml.SafeDumper):
    """Repeats what is the same, instead of pointing to it."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def written() -> str:
    """Return the document as YAML."""
    return str(yaml.dump(document(), Dumper=_Plain, sort_keys=False, width=110, allow_unicode=True))


if __name__ == "__main__":
    PAGE.write_text(written())
