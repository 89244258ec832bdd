"""The local embedding model: MiniLM with int8 weights on ONNX Runtime. It needs no network."""

import ctypes
import os
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

# ONNX Runtime reports its use to Microsoft unless this is set. It reads the variable at import.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime as ort

from ragkit.cpus import cpus
from ragkit.embeddings import Limits, Vectors, normalise
from ragkit.embeddings.wordpiece import WordPieceWindow
from ragkit.metrics import TOKENS
from ragkit.turns import Turns

# The length that the model was trained with (max_seq_length of sentence-transformers). Longer texts
# are cut.
MAX_TOKENS = 256
# Texts per run. Memory grows with it. Measured for 128 texts of 256 tokens with compact weights,
# peak of the process and seconds: 32: 946 MB, 28 s; 16: 560 MB, 24 s; 8: 362 MB, 21 s; 4: 269 MB,
# 20 s.
BATCH = 8
# From malloc.h of the GNU C library. Other C libraries do not have it.
M_MMAP_THRESHOLD = -3


class LocalEmbedder:
    """Mean-pools the model's last layer over the tokens of each text.

    The weights are int8 in the file. By default they are expanded to floats once, which takes 130
    MB. With `compact` they are expanded in each run: a question then takes 117 ms of a processor
    instead of 8 ms, and 90 MB during the run. A compact embedder runs one batch at a time.
    """

    def __init__(self, model_dir: Path, *, compact: bool = False) -> None:
        _return_memory()
        window = WordPieceWindow(model_dir / "tokenizer.json", MAX_TOKENS)
        self._tokenizer = window.tokenizer
        self.limits = Limits(BATCH, window, english_only=True)
        options = ort.SessionOptions()
        # One thread: API workers and worker threads already use the cores. Spinning threads slow
        # each other down.
        options.intra_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # The arena never returns the memory that a batch has taken.
        options.enable_cpu_mem_arena = False
        self._session = ort.InferenceSession(
            str(model_dir / "model.onnx"),
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=["ConstantFolding"] if compact else [],
        )
        self._compact = compact
        self._turn = threading.Lock()
        self._questions = Turns("questions", cpus())
        self._inputs = {entry.name for entry in self._session.get_inputs()}

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one vector per text, in order."""
        batches = [self._embed(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)]
        return np.concatenate(batches) if batches else np.empty((0, 0), np.float32)

    def check(self) -> None:
        """Do nothing: the constructor has loaded the model."""

    def _embed(self, texts: Sequence[str]) -> Vectors:
        rows = [_cut(encoding.ids) for encoding in self._tokenizer.encode_batch(list(texts))]
        ids = np.zeros((len(rows), max(map(len, rows))), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, tokens in enumerate(rows):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        TOKENS.labels("embedding").inc(int(mask.sum()))
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(mask)}
        # Only one batch of passages runs at a time, and one question per processor. More would not
        # be faster, and each takes memory. A question of 256 tokens takes 26 MB.
        with self._turn if self._compact or len(texts) > 1 else self._questions.taken():
            output = self._session.run(None, {name: feed[name] for name in self._inputs})[0]
        if output.ndim == 2:  # this export of the model already pools
            return normalise(output)
        weights = mask[..., None].astype(np.float32)
        return normalise((output * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1))


def _return_memory() -> None:
    """Make the C library return large blocks of memory as soon as they are free.

    By default, when a block of up to 32 MB is freed, the C library starts to keep blocks of that
    size, in every thread. Measured with 40 questions of 256 tokens in 40 threads, one run per
    processor: the peak of the process is 1320 MB, and 273 MB with this setting. A run takes 10 %
    longer.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(M_MMAP_THRESHOLD, 1024 * 1024)


def _cut(ids: list[int]) -> list[int]:
    """Return the first tokens and the last, which ends each text."""
    return ids if len(ids) <= MAX_TOKENS else ids[: MAX_TOKENS - 1] + ids[-1:]
