"""Addresses of the intake doors, mounted under /api/v1/."""

from django.urls import path

from reviews.api import intake

app_name = "reviews"
urlpatterns = [
    path("flows/<slug:flow>/items", intake.items, name="items"),
    path("flows/<slug:flow>/items/batch", intake.batch, name="batch"),
]
