"""CPU time, medians and the description of a machine: what every benchmark here shares."""

import os
import platform
import resource
import statistics
from importlib import metadata
from pathlib import Path

PACKAGES = ("frontcast", "llvmlite", "numba", "numpy", "simpy")


def cpu_seconds():
    """Return the CPU seconds, user and system, of this process and the children it has waited for.

    Not wall-clock time: on a shared machine that measures the neighbours.
    """
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def use_one_core():
    """Keep this process and its children on one core, where the system allows it."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def spread(values):
    """Return the median, least and greatest of some measurements."""
    return {"median": statistics.median(values), "low": min(values), "high": max(values)}


def processor():
    """Return the processor's name as the system gives it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def machine():
    """Return what the figures depend on: processor, cores, Python and package versions."""
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "packages": versions,
    }


def header(title):
    """Return a title and what the figures under it depend on."""
    about = machine()
    versions = ", ".join(f"{name} {version}" for name, version in about["packages"].items())
    cores = f"{about['cores']} cores"
    return f"{title}\n{about['processor']}, {cores}; Python {about['python']}; {versions}"


def table(titles, rows):
    """Return rows of text as an aligned table, the first column to the left."""
    widths = [max(len(row[i]) for row in [titles, *rows]) for i in range(len(titles))]
    lines = []
    for first, *others in [titles, ["-" * width for width in widths], *rows]:
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *cells]))
    return "\n".join(lines)
