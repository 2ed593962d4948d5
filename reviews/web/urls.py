"""Addresses of the pages people work on."""

from django.urls import path

from reviews.web import queues

app_name = "desk"
urlpatterns = [
    path("", queues.inbox, name="inbox"),
    path("queues/<slug:slug>/", queues.queue, name="queue"),
    path("queues/<slug:slug>/peek/<uuid:item_id>/", queues.peek, name="peek"),
]
