"""django at work: settings, an app of one model, tables, queries, templates, a request and its answer."""

from __future__ import annotations

import django
from django.conf import settings


def work() -> str:
    """From nothing to an answered request."""
    settings.configure(
        SECRET_KEY="x",
        ALLOWED_HOSTS=["testserver"],
        ROOT_URLCONF="work_django_urls",
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        LOGGING={"version": 1, "handlers": {"none": {"class": "logging.NullHandler"}}},
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        USE_TZ=True,
    )
    django.setup()
    from django.core.management import call_command
    from django.test import Client, RequestFactory

    call_command("migrate", verbosity=0)
    from django.contrib.auth.models import Group, User

    user = User.objects.create_user("bob", password="secret")
    user.groups.add(Group.objects.create(name="crew"))
    assert User.objects.filter(groups__name="crew").get().check_password("secret")
    answer = Client().get("/hello/bob/")
    assert answer.status_code == 200, answer
    assert answer.content == b"hello &lt;bob&gt; (1)", answer.content
    assert RequestFactory().get("/x").path == "/x"
    return "migrations, ORM, templates, a request, logging by dictConfig"
