"""Texts as somebody would choose them who means harm, or writes from right to left: a page must show them as texts."""

from __future__ import annotations

from itertools import product
from typing import Final

HOSTILE: Final = [
    "<script>window.hit = 1</script>",
    "<img src=x onerror='window.hit = 1'>",
    '"><svg onload="window.hit = 1">',
    "javascript:window.hit=1",
    "${window.hit = 1}{{window.hit = 1}}",
    "__proto__",
    "W" * 300,
    "\u202egnp.exe\u202c \u2066\u2067",
    "Z̷͔̈́a̵͝l̶̓g̴" + "\u0301" * 200,
    "مرحبا بالعالم " * 20,
    "line\nline\tline\r\nline",
    "👩‍👩‍👧‍👦" * 60,
    "%(n)s %(time)s &lt;b&gt; &amp;",
    "'; DROP TABLE sensors; --",
]
"""Names, for one page alone."""

RUN: Final = "window.hostile=1"
"""What each of the scripts in them would do."""

MARKUP: Final = [
    f"<script>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f"<svg/onload={RUN}>",
    f"<svg><script>{RUN}</script></svg>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    f"<a href=javascript:{RUN}>x</a>",
    f"<body onload={RUN}>",
    f"<details open ontoggle={RUN}>",
    f"<input autofocus onfocus={RUN}>",
    f"<video><source onerror={RUN}></video>",
    f"<math><mtext><script>{RUN}</script>",
    f"<style>@import 'x';*{{display:none}}</style><script>{RUN}</script>",
    "<link rel=stylesheet href=//example.invalid/x.css>",
    "<base href=//example.invalid/>",
    "<meta http-equiv=refresh content='0;url=//example.invalid'>",
    f"<template><script>{RUN}</script></template>",
    "</title></textarea></style></script><h1>out</h1>",
    f"<marquee onstart={RUN}>",
    "<form action=//example.invalid><button>x",
    "<object data=//example.invalid>",
]
CONTEXTS: Final = ["{}", '"{}', "'>{}", "--> {}", "]]>{}", "</p>{}<p>", "\\{}", "`{}`", "%0a{}", "&lt;{}&gt;"]
ADDRESSES: Final = [
    f"javascript:{RUN}",
    f"JaVaScRiPt:{RUN}",
    f"  javascript:{RUN}",
    f"data:text/html,<script>{RUN}</script>",
    f"vbscript:{RUN}",
    "//example.invalid/x.png",
    "https://example.invalid/x.png",
    "file:///etc/passwd",
    "http://user:pass@example.invalid",
    "blob:null/1",
]
TEMPLATES: Final = [
    "{{7*7}}",
    "${7*7}",
    "#{7*7}",
    "<%= 7*7 %>",
    "%(name)s",
    "{0}",
    "__proto__",
    "constructor",
    "toString",
    "%s%n",
]
SHAPES: Final = [
    "x" * 200,
    "W" * 120,
    "﷽" * 60,
    "Z̷̢̛̗a̸͓͌l̶̰̆g̵̻͝o̴͉͂" * 20,
    "\u202eabc\u202d",
    "\u2066\u2067x\u2069",
    "مرحبا <b>x</b>",
    "שלום-abc-123",
    "👩‍👩‍👧‍👦" * 20,
    "e\u0301" * 60,
    "\u00a0" * 60 + "x",
    "a\u200bb\u200cc\ufeffd",
    "🇧🇷🇪🇸" * 20,
    "-" * 150,
    "_" * 150,
    "null",
    "undefined",
    "NaN",
    "=1+1",
    "0" * 120,
]

_MARKED: Final = [context.format(one) for one, context in product(MARKUP + ADDRESSES + TEMPLATES, CONTEXTS)]
TEXTS: Final = [*_MARKED, *SHAPES, *(f"{shape[:100]} {one}" for shape, one in product(SHAPES[:8], MARKUP[:10]))]
"""Five hundred, for all pages together."""

assert len(TEXTS) == len(set(TEXTS)) >= 500
