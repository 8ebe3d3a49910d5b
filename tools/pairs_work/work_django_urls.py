"""The addresses of the django workload, which django imports by name."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.template import Context, engines
from django.urls import path


def hello(request: HttpRequest, name: str) -> HttpResponse:
    """One page."""
    template = engines["django"].from_string("hello {{ name }} ({{ count }})").template
    return HttpResponse(template.render(Context({"name": f"<{name}>", "count": User.objects.count()})))


urlpatterns = [path("hello/<str:name>/", hello)]
