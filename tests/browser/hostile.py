"""Names as somebody would choose them who means harm, or writes from right to left."""

HOSTILE = [
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
