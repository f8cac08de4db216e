"""All I/O of the library: the driver that performs effects, and the stores, engines and adapters it uses."""
