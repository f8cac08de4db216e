"""Who uses the console, and what they may do.

directory  who there is: adding, roles, invites
membership who may answer a tenant's questions: owners, and who stands in for one
sessions   signed-in visits, in the database: each can be ended
passkeys   making one, signing in with one; offers: challenges that are answered once; keyring: passkeys come and go
totp       one-time codes
oidc       signing in with the team's OpenID provider; provider: what that says of itself and of people
limits     how often something may be tried; tidying: what is over goes
pinning    a passkey as signed policy pins it
"""
