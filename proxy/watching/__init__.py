"""What people see of the traffic: counts and times, never content.

traffic    looks on as exchanges begin and end, and counts;  window, spread: the last minutes, and how long things took
looking    what people may ask for, put together;  top: the live view
costs      what models have cost so far
metrics    the same for Prometheus
labels     names from requests that may stand in a metric: few, short and plain
access     one log line for each exchange
spans      one OpenTelemetry span for each exchange, to a collector
"""
