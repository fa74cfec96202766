# The models of the first migration: every kind of index that Django makes by itself. test/clients/django/run edits them.
from django.db import models


class Owner(models.Model):
    slug = models.SlugField(unique=True)


class Account(models.Model):
    class Meta:
        indexes = [models.Index(fields=["created"], name="account_created")]
        unique_together = [("phone", "rival")]
        constraints = [models.UniqueConstraint(fields=["email", "rival"], name="account_email_rival")]

    phone = models.CharField(max_length=50, db_index=True)
    number = models.IntegerField(unique=True)
    rival = models.ForeignKey(Owner, on_delete=models.CASCADE, related_name="+")
    created = models.DateTimeField(null=True)
    email = models.CharField(max_length=200)
