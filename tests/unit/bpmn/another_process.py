"""Run by a test in a process of its own: continues instances that were written elsewhere."""

from __future__ import annotations

import base64
import json
import sys

from tests.unit.bpmn.driving import Instance


def main() -> None:
    found = []
    for job in json.load(sys.stdin):
        instance = Instance.restored(job["xml"].encode(), base64.b64decode(job["snapshot"]))
        states = [instance.state]
        for act in job["acts"]:
            states.append(instance.act(tuple(act)).state)
        found.append(states)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
