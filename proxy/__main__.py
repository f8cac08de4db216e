"""`python -m proxy` is `safety edge`."""

from proxy.command import edge

if __name__ == "__main__":
    edge(prog_name="python -m proxy")
