"""Django's name card of the reviews app."""

from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    """Items and everything that decides them."""

    name = "reviews"

    def ready(self) -> None:
        """Tell audit what only reviews can answer."""
        from audit.sealing import afterwards
        from audit.sealing.projections import register_projection
        from reviews import facts, nudges  # noqa: F401  facts register themselves on import
        from reviews.projections import configuration, items, permissions

        register_projection("items", items.differences)
        register_projection("configuration", configuration.differences)
        register_projection("access", permissions.differences)
        afterwards.register(nudges.deliveries)
        afterwards.register(nudges.evidence)
