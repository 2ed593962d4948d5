"""The shell of the pages: what surrounds each of them, who may open one, and how a refusal looks."""
