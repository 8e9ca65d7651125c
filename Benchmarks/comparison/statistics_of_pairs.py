"""The median of ratios, and an interval for it that assumes nothing about their distribution."""

import math
import statistics


def rank(count, confidence=0.95):
    """The largest k for which the k-th smallest and the k-th largest of `count` values hold the median between them
    with at least this confidence; 0 where not even the extremes do.

    The number of values below the median is binomial with probability 1/2, so the interval misses with probability
    2·P(B < k).
    """
    k, below = 0, 0.0
    while k < count // 2:
        below += math.comb(count, k) / 2.0**count
        if 2 * below > 1 - confidence:
            break
        k += 1
    return k


def interval(values, confidence=0.95):
    """(low, high, confidence reached) for the median of the values' distribution."""
    ordered = sorted(values)
    count = len(ordered)
    k = max(rank(count, confidence), 1)
    reached = 1 - 2 * sum(math.comb(count, i) for i in range(k)) / 2.0**count
    return ordered[k - 1], ordered[count - k], max(reached, 0.0)


def summary(ours, peer, inverted=False):
    """The ratios peer/ours of each pair (ours/peer when inverted), their median and its interval."""
    ratios = [a / b if inverted else b / a for a, b in zip(ours, peer)]
    low, high, confidence = interval(ratios)
    return {"pairs": len(ratios), "ratios": ratios, "ratio": statistics.median(ratios), "low": low, "high": high,
            "confidence": confidence, "ours": statistics.median(ours), "peer": statistics.median(peer)}


def self_test():
    """Known values of the sign test's interval, and a summary by hand."""
    # The tables of the sign test: n and the rank of the lower end at 95 %.
    for count, expected in ((5, 0), (6, 1), (8, 1), (9, 2), (10, 2), (15, 4), (20, 6), (25, 8), (30, 10), (50, 18)):
        assert rank(count) == expected, (count, rank(count))
    low, high, confidence = interval(range(1, 21))
    assert (low, high) == (6, 15) and abs(confidence - 0.95861) < 1e-5, (low, high, confidence)
    low, high, confidence = interval([3, 1, 2])
    assert (low, high) == (1, 3) and confidence == 0.75
    assert interval([7]) == (7, 7, 0.0)
    # The exact confidence by enumeration: how many of all sign patterns put the median inside.
    for count in (6, 9, 12):
        k = rank(count)
        inside = sum(k <= bin(pattern).count("1") <= count - k for pattern in range(1 << count))
        _, _, confidence = interval(range(count))
        assert abs(inside / (1 << count) - confidence) < 1e-12 and confidence >= 0.95
    result = summary([1.0, 2.0, 4.0], [2.0, 2.0, 2.0])
    assert result["ratios"] == [2, 1, 0.5] and result["ratio"] == 1 and result["ours"] == 2
    assert summary([1.0, 3.0], [2.0, 2.0], inverted=True)["ratios"] == [0.5, 1.5]
