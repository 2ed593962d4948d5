"""The uploading door: a file comes in as a raw body and is answered with the name items know it by."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from portal.kit.http import json_answer
from reviews import files
from reviews.actions import admitting, attaching, uploading
from reviews.api import bodies


@csrf_exempt
@require_POST
def uploads(request: HttpRequest, flow: str) -> HttpResponse:
    """Take a file of a flow. A bearer key is enough: the digest covers the bytes, and a file decides nothing."""
    parts = bodies.parts(request, settings.UPLOAD_LIMIT, files.PART)
    caller = admitting.admit_by_key(flow, bodies.headers(request))
    digest = uploading.announced_digest(request.headers.get("Content-Digest", ""))
    kept = uploading.keep(caller, parts, digest=digest, media_type=request.headers.get("Content-Type", ""))
    told = {"upload": attaching.handle(kept.pk), "sha256": digest.hex(), "size": kept.size}
    return json_answer(told | {"media_type": kept.media_type}, status=201)
