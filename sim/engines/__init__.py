"""Engines that run a net: ``compiled`` for ensembles, ``reference`` to be read and checked against."""
