"""What a browser is shown: the front door, the documents, what each problem means. All of it in the house's own files.

`layout.py` the frame and its style · `welcome.py` the front door · `documents.py` what of docs/ is served, and where ·
`rendering.py` Markdown as HTML, `contracts.py` contracts as Markdown · `problems.py` one page a problem.
"""
