"""Addresses of the intake doors, mounted under /api/v1/."""

from django.urls import path

from reviews.api import intake, revising, uploads

app_name = "reviews"
urlpatterns = [
    path("flows/<slug:flow>/items", intake.items, name="items"),
    path("flows/<slug:flow>/items/batch", intake.batch, name="batch"),
    path("flows/<slug:flow>/uploads", uploads.uploads, name="uploads"),
    path("items/<uuid:item_id>/revisions", revising.revisions, name="revisions"),
]
