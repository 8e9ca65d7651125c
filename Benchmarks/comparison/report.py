"""The table of ratios."""

HEADING = ["row", "threads", "ours", "other", "variant", "ratio", "interval", "pairs", "reach", ""]


def verdict(result):
    """"met", "not met", "no reach", "failed" or "not measured"."""
    if "failed" in result:
        return "failed"
    if "summary" not in result:
        return "not measured"
    if result["reach"] is None:
        return "no reach"
    # The interval's unfavorable end must reach it: a median that only happens to lie beyond is not enough.
    s = result["summary"]
    met = s["low"] >= result["reach"] if result["direction"] == "≥" else s["high"] <= result["reach"]
    return "met" if met else "not met"


def quantity(value, kind):
    """A time or an amount of memory with four significant digits."""
    if kind == "memory":
        return f"{value / 2**20:.4g} MiB"
    if value < 1e-3:
        return f"{value * 1e6:.4g} µs"
    return f"{value * 1e3:.4g} ms" if value < 1 else f"{value:.4g} s"


def cells(result):
    """One row of the table."""
    reach = f"{result['direction']} {result['reach']:g}" if result["reach"] is not None else ""
    s = result.get("summary")
    if s is None:
        return [result["row"], str(result["threads"])] + [""] * 6 + [reach, verdict(result)]
    if s["pairs"] == 1:
        interval = "one pair"
    else:
        interval = f"[{s['low']:.3f}, {s['high']:.3f}]"
    confidence = "" if s["confidence"] >= 0.95 or s["pairs"] == 1 else f" ({100 * s['confidence']:.0f} %)"
    return [result["row"], str(result["threads"]), quantity(s["ours"], result["kind"]),
            quantity(s["peer"], result["kind"]), result["best"], f"{s['ratio']:.3f}",
            interval + confidence, str(s["pairs"]), reach,
            verdict(result) + (", stopped early" if result["interrupted"] else "")]


def notes(results):
    """One line for each variant that could not run and each row that failed."""
    lines = [f"{r['row']}: {label} left out: {reason}" for r in results
             for label, reason in r.get("unavailable", {}).items()]
    return lines + [f"{r['row']}: {r['failed']}" for r in results if "failed" in r]


def as_text(results):
    """Aligned columns."""
    rows = [HEADING] + [cells(r) for r in results]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADING))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    return "\n".join(lines + notes(results))


def as_markdown(results):
    """A Markdown table."""
    rows = [HEADING, ["---"] * len(HEADING)] + [cells(r) for r in results]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines + [""] + notes(results)).rstrip()
