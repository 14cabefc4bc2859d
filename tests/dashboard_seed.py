"""What seed 001 shows, taken from its own text: the frames, and the code of its clients."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

TEXT = (Path(__file__).parent / "seeds" / "dashboard.md").read_text("utf-8")
_BLOCK = re.compile(r"^(?:#+ (?P<heading>[^\n]+)|```(?P<language>\w+)\n(?P<code>.*?)^```)$", re.MULTILINE | re.DOTALL)


@cache
def blocks() -> dict[str, str]:
    """Every block of code, by the heading above it (the last one, where there are several)."""
    found: dict[str, str] = {}
    heading = ""
    for match in _BLOCK.finditer(TEXT):
        if match["heading"]:
            heading = match["heading"]
        else:
            found[heading] = match["code"]
    return found


def frames() -> dict[str, dict[str, Any]]:
    """The frames that the seed shows, by their type."""
    shown = [json.loads(code) for code in blocks().values() if code.startswith("{")]
    return {frame["type"]: frame for frame in shown}


def clients() -> dict[str, str]:
    """The five clients, each as an ECMAScript module that exports what the seed shows."""
    code = blocks()
    return {
        # Used as it is shown: its last lines make one and connect it.
        "class": code["Classe WebSocket"] + "\nexport { ws };\n",
        "react": code["Hook useWebSocket"],
        "vue": code["Plugin WebSocket"],
        "angular": _javascript(code["Serviço WebSocket"]),
        "reconnecting": code["Reconexão Automática"] + "\nexport { WebSocketWithReconnect };\n",
    }


def _javascript(typescript: str) -> str:
    """The service as a compiler leaves it: without its types, its decorator called on the class."""
    decorator = re.search(r"@(Injectable\(\{.*?\}\))\nexport class (\w+)", typescript, re.DOTALL)
    assert decorator is not None
    text = typescript.replace(decorator[0], f"export class {decorator[2]}")
    text = re.sub(r"private (\w+)(?:: \w+)?", r"\1", text)  # fields
    text = re.sub(r"\((\w+): \w+\)", r"(\1)", text)  # parameters
    text = re.sub(r"\): [\w<>]+ \{", ") {", text)  # what methods return
    text = text.replace("new Subject<any>", "new Subject")
    return f"{text}\n{decorator[1]}({decorator[2]});\n"
