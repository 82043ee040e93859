"""The template: its source, its versions, and the rendering of layers."""
