"""Engines that run a net: ``compiled`` for ensembles, ``reference`` to read and check against."""
