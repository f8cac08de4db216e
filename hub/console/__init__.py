"""The console: pages for people, made on the server, phone first, usable without JavaScript.

routes    all pages; who is not signed in is led to the sign-in page
visit     one request of a browser: a guest's, or that of somebody signed in; forms, answers
cookies   what the browser keeps for us
signin    signing in and out, joining;  team: to the team's provider and back;  confirm: is it still you?
settings  one's own passkeys, authenticator app, sessions
channels  how one is told what waits, and who answers in one's place;  telling: the same for a tenant, and webhooks
people    people and roles, for admins
render    templates, and the headers that every page carries
assets    files that never change under one name
charts    the geometry of small charts
exact     arguments as they will run, in full; what an edit changed
card      questions with all that a person needs to see
asked     the questions that a page is about
inbox     what waits for an answer
decide    one question in full, and the answers to it;  link: the page behind a one-use link
proof     by what a person may approve: passkey, one-time code, the hub's word
change    other arguments for a call, judged and asked about anew
outward   grants to reach somebody outside: made from a card, listed, withdrawn
history   what was decided, by whom
live      the stream on which open pages are told of news
tenants   every tenant at a glance, and one in full; agents, audit, secrets: what its edge told, and what people did
usage     what a tenant used, by period; as CSV; and how it is billed
policies  which tenant runs which revision; releases; revisions compared, and replayed;  upload: a form with a file
"""
