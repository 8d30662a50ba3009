"""The frame around every page: one file, no script, nothing asked from elsewhere, light or dark as the reader likes."""

from __future__ import annotations

import html

from aiohttp import hdrs, web

STYLE = """
:root { color-scheme: light dark; --text: #1b1b2f; --soft: #5a5a72; --ground: #fff; --shade: #f3f2fa;
  --line: #d9d7e8; --accent: #3a1d8a; }
@media (prefers-color-scheme: dark) { :root { --text: #e8e6f3; --soft: #a9a6c0; --ground: #15141f; --shade: #211f30;
  --line: #3a3750; --accent: #b9a5ff; } }
* { box-sizing: border-box; }
body { font: 1.05rem/1.6 system-ui, sans-serif; margin: 0; color: var(--text); background: var(--ground); }
header { border-bottom: 1px solid var(--line); background: var(--shade); }
header nav, main { max-width: 52rem; margin: 0 auto; padding: .8rem 1rem; }
header nav { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; }
header nav a:first-child { font-weight: 700; }
main { padding-bottom: 4rem; }
h1, h2, h3 { line-height: 1.25; margin: 2rem 0 .6rem; }
h2 { border-top: 1px solid var(--line); padding-top: 1.2rem; }
a { color: var(--accent); text-underline-offset: .15em; }
code { background: var(--shade); padding: .1rem .3rem; border-radius: .25rem; font-size: .92em;
  overflow-wrap: anywhere; }
pre { background: var(--shade); border: 1px solid var(--line); border-radius: .4rem; padding: .8rem 1rem;
  overflow-x: auto; line-height: 1.45; }
pre code { background: none; padding: 0; overflow-wrap: normal; }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .95rem; }
th, td { border: 1px solid var(--line); padding: .4rem .6rem; text-align: left; vertical-align: top; }
th { background: var(--shade); }
dt { font-weight: 600; margin-top: 1rem; }
dd { margin: 0; color: var(--soft); }
details { background: var(--shade); border: 1px solid var(--line); border-radius: .4rem; padding: .5rem 1rem; }
details ul { margin: .4rem 0; padding-left: 1.2rem; list-style: none; }
h4 { margin: 1.6rem 0 .3rem; }
.lead { font-size: 1.15rem; color: var(--soft); }
"""
FRAME = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<header><nav><a href="/">Passerelle</a><a href="/docs/">Documents</a><a href="/docs/problems.md">Problèmes</a></nav>
</header>
<main>
{body}
</main>
</body>
</html>
"""
HEADERS = {
    hdrs.CONTENT_SECURITY_POLICY: "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    hdrs.X_CONTENT_TYPE_OPTIONS: "nosniff",
}


def page(title: str, body: str, *, language: str = "fr") -> web.Response:
    """The page as an answer. `title` is a text, `body` is HTML that whoever calls has made safe."""
    name = title if title == "Passerelle" else f"{title} · Passerelle"
    text = FRAME.format(language=language, title=html.escape(name), style=STYLE, body=body)
    return web.Response(text=text, content_type="text/html", charset="utf-8", headers=HEADERS)
