"""B7: start to ready, memory and size."""

from turn import GURU, spread


def measure(errand, binary, repetitions):
    """`errand` is stopped, has started before and knows the guru of the turns."""
    starts, memory = [], (0.0, 0.0)
    for repetition in range(repetitions):
        starts.append(errand.start() * 1e3)
        if repetition == repetitions - 1:
            errand.call("POST", f"/api/v1/{GURU}/answer", {"question": "Is the site down?"})
            memory = errand.memory_mb()
        errand.stop()
    return {
        "start_ms": spread(starts),
        "rss_mb": memory[0],
        "pss_mb": memory[1],
        "binary_mb": binary.stat().st_size / 1e6,
    }
