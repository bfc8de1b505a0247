"""The version of the package, which the OpenAPI document shows; CHANGELOG.md has its changes."""

VERSION = "1.0.0"
