"""What the list of jobs shows, as plain data."""

from __future__ import annotations

from pathlib import Path

from seewhy.store import find_jobs, read_job
from seewhy.viewer.job_data import Data, job_data


def job_list(directory: Path) -> list[Data]:
    """Every job of a folder, the last written first; unreadable ones with what is wrong."""
    jobs: list[Data] = []
    for identifier, path in find_jobs(directory).items():
        try:
            with read_job(path) as job:
                info = job.info()
        except (OSError, ValueError) as error:
            jobs.append({"id": identifier, "name": path.name, "error": str(error), "updated": 0.0})
        else:
            jobs.append(job_data(identifier, info))
    return sorted(jobs, key=lambda job: -job["updated"])
