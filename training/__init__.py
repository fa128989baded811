"""Trains a small checkpoint of the published format on speech that we synthesise ourselves."""
