"""What a release carries, and how it is made: `python -m tools.release`.

build   a wheel and a source archive, the same bytes wherever they are built
pins    a lock file, read
bill    the bill of materials (CycloneDX) of what is in the wheel and in the locks
audit   are there known vulnerabilities in what is locked? Silence is no answer
"""
