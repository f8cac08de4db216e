"""Signed policy on its way: releases, their waves, and which tenant runs what since when."""
