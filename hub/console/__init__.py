"""The console: pages for people, made on the server, phone first, usable without JavaScript.

routes    all pages; who is not signed in is led to the sign-in page
visit     one signed-in request: who, what they may do, forms, answers
render    templates, and the headers that every page carries
assets    files that never change under one name
inbox     what waits for an answer
"""
