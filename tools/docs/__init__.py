"""What makes the documentation's site out of docs/: nothing of it is committed, and none of it asks another machine.

hooks         what mkdocs calls while it builds: pages from outside of docs/, links, diagrams, the list of pages
links         links as a code host follows them -> links of the site
commands      every command, its arguments and options, as pages of Markdown
settings      every setting of edge and hub, with type, default, variable and meaning
openapi       an OpenAPI document as a page of Markdown
marks         what commands write onto pages of docs/: results, each between marks
library       the names that `docs/library.md` promises, as their docstrings tell them
"""
