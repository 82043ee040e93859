"""The template: where it comes from, its versions, and how a layer is rendered."""
