"""Many texts at once: a file of jobs spoken into a folder, again and again until it is done.

with OutputFolder("out") as folder, open("jobs.jsonl", "rb") as file:
    run_batch(read_jobs(file, {}), folder, ModelFiles("model.pte", "codec_decoder.pte"))
"""

from voxtral_tts.batch.jobs import BadLine, Job, read_jobs
from voxtral_tts.batch.results import OutputFolder, Result
from voxtral_tts.batch.run import Reporter, Summary, run_batch
from voxtral_tts.batch.speaking import ModelFiles

__all__ = [
    "BadLine",
    "Job",
    "ModelFiles",
    "OutputFolder",
    "Reporter",
    "Result",
    "Summary",
    "read_jobs",
    "run_batch",
]
