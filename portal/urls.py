"""Every address of the portal."""

from django.urls import include, path

from portal import health
from portal.api import api
from portal.demo import banner

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path(".well-known/jwks.json", health.jwks),
    path("api/v1/", include("reviews.urls")),
    path("api/v1/", api.urls),
    path("", include("portal.web.urls")),
    path("", include("reviews.web.urls")),
    path("account/", include("portal.accounts.urls")),
    path("demo/code", banner.code, name="demo_code"),
]

handler400 = "portal.web.problems.bad_request"
handler403 = "portal.web.problems.forbidden"
handler404 = "portal.web.problems.not_found"
handler500 = "portal.web.problems.broken"
