"""Addresses of the shell itself."""

from django.urls import path

from portal.web import views

app_name = "web"
urlpatterns = [
    path("preferences/", views.preferences, name="preferences"),
]
