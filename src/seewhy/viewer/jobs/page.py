"""What the list of jobs shows, as plain data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from seewhy.store import find_jobs, read_job
from seewhy.viewer.job_data import Data, job_data
from seewhy.viewer.jobs.state import JobsState


def job_list(directory: Path) -> list[Data]:
    """Every job of a folder, by id; unreadable ones with what is wrong."""
    jobs: list[Data] = []
    for identifier, path in find_jobs(directory).items():
        try:
            with read_job(path) as job:
                info = job.info()
                metrics = [metric.name for metric in job.metrics()]
        except (OSError, ValueError) as error:
            jobs.append({"id": identifier, "name": path.name, "error": str(error), "updated": 0.0})
        else:
            jobs.append(job_data(identifier, info) | {"metrics": metrics})
    return jobs


def jobs_page(directory: Path, state: JobsState) -> Data:
    """All that the page shows: the jobs that are found, in order, and how many there are."""
    jobs = job_list(directory)
    found = [job for job in jobs if state.matches(job)]
    key = state.sort.removeprefix("-")

    def place(job: Data) -> Any:
        return job["name"].casefold() if key == "name" else -job.get(key, 0)

    beside = next((job for job in jobs if job["id"] == state.beside), None)
    return {"jobs": sorted(found, key=place), "total": len(jobs), "beside": beside, "state": state}
