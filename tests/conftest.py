"""What holds for every test: hypothesis without wall-clock deadlines, since the machines that run this are shared."""

from hypothesis import HealthCheck, settings

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")
