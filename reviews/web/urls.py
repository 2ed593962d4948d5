"""Addresses of the pages people work on."""

from django.urls import path

from reviews.web import evidence, files, moving, queues, review, signing

app_name = "desk"
urlpatterns = [
    path("", queues.inbox, name="inbox"),
    path("queues/<slug:slug>/", queues.queue, name="queue"),
    path("queues/<slug:slug>/peek/<uuid:item_id>/", queues.peek, name="peek"),
    path("items/<uuid:item_id>/files/<uuid:upload>/", files.view, name="file"),
    path("items/<uuid:item_id>/files/<uuid:upload>/content", files.content, name="file-content"),
    path("items/<uuid:item_id>/files/<uuid:upload>/download", files.download, name="file-download"),
    path("items/<uuid:item_id>/files/<uuid:upload>/thumbnail", files.thumbnail, name="file-thumbnail"),
    path("next/", moving.take_next, name="next"),
    path("items/<uuid:item_id>/", review.item, name="item"),
    path("items/<uuid:item_id>/take/", moving.take, name="take"),
    path("items/<uuid:item_id>/put-back/", moving.put_back, name="put-back"),
    path("items/<uuid:item_id>/beat/", moving.beat, name="beat"),
    path("items/<uuid:item_id>/changes/", moving.changes, name="changes"),
    path("items/<uuid:item_id>/ready/", moving.ready, name="ready"),
    path("items/<uuid:item_id>/decide/", review.decide, name="decide"),
    path("items/<uuid:item_id>/sign/<uuid:intent_id>/", signing.sign, name="sign"),
    path("items/<uuid:item_id>/done/", signing.done, name="done"),
    path("items/<uuid:item_id>/evidence.pdf", evidence.pdf, name="evidence"),
    path("items/<uuid:item_id>/evidence.json", evidence.record, name="evidence-record"),
]
