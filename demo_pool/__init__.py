"""`safety demo-pool serve`: a tenant of one's own for whoever wants to try, for two hours, without trace.

command     the command
settings    what a pool is told
snapshot    what every tenant starts from
pool        tenants that wait, visitors who have one, and their end
tenancy     one tenant, as the pool holds it
ledger      which tenants there are, on disk, so that what a killed pool left is cleared
spawn       a process that goes into new namespaces and becomes a tenant's first
world       the root and the network that a tenant has
families    which sockets a tenant can make
kernel      the system calls for that
front       the pool's pages, and the way to a tenant's hub
tenant      what runs inside of a tenant
bakery      the files of the shop that a tenant is, all invented
"""
