"""A permitted call -> a plan that an adapter can run, with every secret still a reference.

plan        ShellPlan, ArgvPlan, FilePlan, HttpPlan, ServicePlan
arguments   a call's arguments, read by what they mean
build       plan_of: the catalogue's entry and the arguments -> the plan
repeat      repeat_of: what a second try of a plan would do
service     the same for what a connected service does
rest        ... where an OpenAPI description says how;  webhook: ... where it is told of an event
manifests   what the operator connected, held against what the catalogue says of its adapters
openapi     an OpenAPI description -> the operations that it names
mcp_tools   a tool as an MCP server defines it -> the operation, and the fingerprint of its definition
inlined     schemas with their references resolved;  schema: arguments against one
"""

from safety_core.resolve.build import plan_of
from safety_core.resolve.plan import Access, ArgvPlan, FilePlan, HttpPlan, Plan, ServicePlan, ShellPlan
from safety_core.resolve.repeat import repeat_of

__all__ = ["Access", "ArgvPlan", "FilePlan", "HttpPlan", "Plan", "ServicePlan", "ShellPlan", "plan_of", "repeat_of"]
