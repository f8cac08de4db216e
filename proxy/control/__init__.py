"""The control listener: what the plugin, the command line and people ask of the edge.

routes    what there is
endpoint  bodies, errors, tokens
answers   what a call's flow said -> JSON
planned   what becomes of a plan, and the blueprints that there are
tools     what an agent can do with connected services
agents    what policy says of each agent
openapi   the OpenAPI document of all that
status    what is in force, layer by layer
"""
