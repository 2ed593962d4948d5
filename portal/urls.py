"""Every address of the portal."""

from django.urls import include, path

from portal import health
from portal.api import api

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path(".well-known/jwks.json", health.jwks),
    path("api/v1/", include("reviews.urls")),
    path("api/v1/", api.urls),
]
