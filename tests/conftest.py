"""For all tests: properties are not timed, since machines are busy."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "plugwire",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.load_profile("plugwire")
