"""Two processes that take turns."""

import math
import statistics
import time

from driven import Driven

TURN = 0.03        # seconds that the counted runs of a turn should take
MOST_RUNS = 50     # of them


def runs_of_turn(process):
    """How many runs a turn counts, from the shortest of three."""
    shortest = process.run()
    if shortest > TURN:
        return 1
    shortest = min(shortest, process.run(), process.run())
    return max(1, min(MOST_RUNS, math.ceil(TURN / shortest)))


def turn(process, runs):
    """The times of one turn: behind a run that wakes threads and fills caches, where there are several."""
    if runs > 1:
        process.run()
    return [process.run() for _ in range(runs)]


def alternate(ours, peer, pairs, pause, long=False):
    """Times of both sides, turn by turn in the order A B B A; what was measured when Ctrl-C comes.

    `ours` and `peer` are (command, environment). A turn of a long run is that run, without a try before. Results: medians of turns, all raw times, memory of both processes.
    """
    sides = []
    result = {"ours": [], "peer": [], "raw": [], "interrupted": False, "peak": None}
    try:
        for command, environment in (ours, peer):
            sides.append(Driven(command, environment))
            # One at a time, set up and warm-up included.
            sides[-1].wait_until_ready()
            sides[-1].wait_until_asleep()
        counts = []
        for side in sides:
            counts.append(1 if long else runs_of_turn(side))
            side.wait_until_asleep()
        result["runs_a_turn"] = counts
        for pair in range(pairs):
            times = [[], []]
            for index in (0, 1) if pair % 2 == 0 else (1, 0):
                time.sleep(pause)
                times[index] = turn(sides[index], counts[index])
                sides[index].wait_until_asleep()
            result["raw"].append({"ours": times[0], "peer": times[1]})
            result["ours"].append(statistics.median(times[0]))
            result["peer"].append(statistics.median(times[1]))
        result["peak"] = [side.finish() for side in sides]
    except KeyboardInterrupt:
        result["interrupted"] = True
    finally:
        for side in sides:
            side.stop()
    return result


def peak_memory(ours, peer, starts):
    """The largest memory of both sides, each started alone, warmed and run twice, as often as asked."""
    result = {"ours": [], "peer": [], "interrupted": False}
    process = None
    try:
        for _ in range(starts):
            peaks = []
            for command, environment in (ours, peer):
                process = Driven(command, environment)
                process.wait_until_ready()
                process.run()
                process.run()
                peaks.append(process.finish())
                process.stop()
            result["ours"].append(peaks[0])
            result["peer"].append(peaks[1])
    except KeyboardInterrupt:
        result["interrupted"] = True
    finally:
        if process:
            process.stop()
    return result
