"""Addresses of people's accounts. Of allauth's own only those that write nothing without an entry."""

from allauth.account.views import login
from allauth.mfa.base.views import authenticate
from django.urls import path

from portal.accounts import web

# No namespace: allauth asks for its addresses by these names.
urlpatterns = [
    path("", web.account, name="account_home"),
    path("sign-in/", login, name="account_login"),
    path("second-factor/", authenticate, name="mfa_authenticate"),
    path("sign-out/", web.sign_out, name="account_logout"),
    path("confirm/", web.confirm, name="account_reauthenticate"),
    path("confirm/", web.confirm, name="mfa_reauthenticate"),
    path("factors/", web.factors, name="account_factors"),
    path("factors/app/", web.enrol_app, name="account_enrol_app"),
    path("factors/passkey/", web.enrol_passkey, name="account_enrol_passkey"),
    path("factors/<int:pk>/remove/", web.remove_factor, name="account_remove_factor"),
    path("password/", web.change_password, name="account_change_password"),
]
