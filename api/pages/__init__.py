"""The pages that people open in a browser: HTML from templates, and how they are signed in to."""
