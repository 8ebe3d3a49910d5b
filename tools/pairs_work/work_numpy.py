"""numpy at work: linear algebra, random numbers, transforms, pickle, masked arrays."""

from __future__ import annotations

import pickle

import numpy as np


def work() -> str:
    """Compute with the native parts."""
    a = np.arange(9.0).reshape(3, 3) + np.eye(3)
    assert np.allclose(np.linalg.inv(a) @ a, np.eye(3))
    assert np.allclose(np.fft.ifft(np.fft.fft(a)), a)
    assert np.random.default_rng(1).integers(10, size=3).shape == (3,)
    assert (pickle.loads(pickle.dumps(a)) == a).all()
    assert np.ma.masked_less(a, 1).sum() > 0
    assert np.datetime64("2020-01-02").astype(object).year == 2020
    return f"linalg, fft, random, pickle, masked arrays, dates; {np.__version__}"
