"""The pool's front: one port for the pool's own pages, and for the consoles of all tenants, each under its own name.

serving     listens; runs the pool beside
app         which host is asked for: the pool's own, or a tenant's
pages       the pool's own pages: start, watch, have the agent do something
guard       who visits, and that a form comes from a page of ours
render      templates, files, and the headers that every page carries
telling     what a tenant tells of itself, read as hostile
relay       a request to a tenant's hub, and its answer back
"""
