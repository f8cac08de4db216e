"""Who uses the console, and what they may do.

roles      owner, author, admin, viewer, and at which tenants
directory  who there is: adding, roles, invites
sessions   signed-in visits, in the database: each can be ended
command    `safety hub person`
"""
